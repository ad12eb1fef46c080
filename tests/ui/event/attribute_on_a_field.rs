use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    #[event("owner")]
    owner: String,
}

fn main() {}
