use esrs::prelude::*;

#[derive(Id, Clone)]
struct AccountId(String, u32);

fn main() {}
