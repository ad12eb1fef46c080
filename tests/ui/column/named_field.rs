use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
struct Money {
    cents: i64,
}

fn main() {}
