use esrs::prelude::*;

#[derive(Id, Clone)]
struct AccountId {
    number: u64,
}

fn main() {}
