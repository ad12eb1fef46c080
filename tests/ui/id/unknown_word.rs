use esrs::prelude::*;

#[derive(Id, Clone)]
#[id(prefix = "acc")]
struct AccountId(u64);

fn main() {}
