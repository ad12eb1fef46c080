use esrs::prelude::*;

// Three mistakes, and all of them are told.
#[derive(Id, Clone)]
#[id(prefix = "acc", crate = esrs)]
struct AccountId {
    number: u64,
}

fn main() {}
