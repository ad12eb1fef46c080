use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", crate = esrs)]
struct AccountOpened {
    owner: String,
}

fn main() {}
