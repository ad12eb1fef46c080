use esrs::prelude::*;

#[derive(Column, Deserialize)]
enum Status {
    Pending,
    #[serde(alias = "Pending")]
    Waiting,
}

fn main() {}
