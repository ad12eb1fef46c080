use esrs::prelude::*;

struct Money {
    cents: i64,
}

#[derive(Column)]
struct Price(Money);

fn main() {}
