use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
enum Status {
    Pending,
    Granted(u64),
}

fn main() {}
