use esrs::prelude::*;

#[derive(Column, Serialize, Deserialize)]
enum Status {
    Pending,
    #[serde(skip_serializing)]
    Draft,
}

fn main() {}
