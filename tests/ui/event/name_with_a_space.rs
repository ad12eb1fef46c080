use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}
