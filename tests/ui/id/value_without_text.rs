use esrs::prelude::*;

#[derive(Id, Clone)]
struct AccountId(Vec<u8>);

fn main() {}
