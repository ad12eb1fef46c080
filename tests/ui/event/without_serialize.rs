use esrs::prelude::*;

#[derive(Event, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}
