use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
#[event(version = 1)]
struct AccountOpened {
    owner: String,
}

fn main() {}
