use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event(version = 1, "account_opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}
