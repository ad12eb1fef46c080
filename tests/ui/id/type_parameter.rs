use esrs::prelude::*;

#[derive(Id, Clone)]
struct AccountId<T>(T);

fn main() {}
