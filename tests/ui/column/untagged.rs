use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
#[serde(untagged)]
enum Status {
    Pending,
}

fn main() {}
