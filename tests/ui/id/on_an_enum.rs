use esrs::prelude::*;

#[derive(Id, Clone)]
enum AccountId {
    Number(u64),
    Name(String),
}

fn main() {}
