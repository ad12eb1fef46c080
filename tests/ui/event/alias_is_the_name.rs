use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", aliases("account_opened"))]
struct AccountOpened {
    owner: String,
}

fn main() {}
