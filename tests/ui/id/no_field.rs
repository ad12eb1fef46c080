use esrs::prelude::*;

#[derive(Id, Clone)]
struct AccountId;

fn main() {}
