use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
#[serde(rename_all(serialize = "lowercase"))]
enum Status {
    Pending,
}

fn main() {}
