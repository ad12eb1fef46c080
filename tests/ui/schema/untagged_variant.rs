use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
enum Number {
    Whole(i64),
    #[serde(untagged)]
    Text(String),
}

fn main() {}
