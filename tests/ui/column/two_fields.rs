use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
struct Money(i64, String);

fn main() {}
