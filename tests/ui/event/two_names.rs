use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", "account_created")]
struct AccountOpened {
    owner: String,
}

fn main() {}
