use esrs::prelude::*;

#[derive(Clone, Schema)]
struct Number(u64);

// What the value lacks is told once each: its text both ways, and its column.
#[derive(Id, Clone)]
struct AccountId(Number);

fn main() {}
