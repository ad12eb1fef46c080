use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event(version = 1)]
struct AccountOpened {
    owner: String,
}

fn main() {}
