use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened<'a> {
    owner: &'a str,
}

fn main() {}
