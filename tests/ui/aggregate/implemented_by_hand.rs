use esrs::prelude::*;

#[derive(Default)]
struct BankAccount {}

impl Aggregate for BankAccount {}

fn main() {}
