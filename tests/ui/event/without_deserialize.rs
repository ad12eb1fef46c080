use esrs::prelude::*;

#[derive(Event, Serialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}
