use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_changed")]
enum AccountChanged {
    Opened { owner: String },
    Closed,
}

fn main() {}
