use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", topic = "accounts")]
struct AccountOpened {
    owner: String,
}

fn main() {}
