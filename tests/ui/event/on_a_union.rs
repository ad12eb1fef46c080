use esrs::prelude::*;

// serde derives nothing for a union, so its derives are not here.
#[derive(Event)]
#[event("account_opened")]
union AccountOpened {
    number: u32,
    sign: i32,
}

fn main() {}
