use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Text(String),
}

fn main() {}
