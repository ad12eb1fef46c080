use esrs::prelude::*;

#[derive(Aggregate, Default)]
struct BankAccount {}

fn main() {}
