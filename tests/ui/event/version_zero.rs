use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", version = 0)]
struct AccountOpened {
    owner: String,
}

fn main() {}
