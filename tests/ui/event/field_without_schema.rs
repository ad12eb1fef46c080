use esrs::prelude::*;

#[derive(Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
    address: Option<Address>,
}

fn main() {}
