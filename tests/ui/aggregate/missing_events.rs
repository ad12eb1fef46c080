use esrs::prelude::*;

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64)]
struct BankAccount {}

fn main() {}
