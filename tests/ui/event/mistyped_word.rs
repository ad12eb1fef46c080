use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", versoin = 1)]
struct AccountOpened {
    owner: String,
}

fn main() {}
