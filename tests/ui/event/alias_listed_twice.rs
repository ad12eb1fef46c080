use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", aliases("opened", "created", "opened"))]
struct AccountOpened {
    owner: String,
}

fn main() {}
