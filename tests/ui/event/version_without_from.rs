use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", version = 2)]
struct AccountOpened {
    owner: String,
}

fn main() {}
