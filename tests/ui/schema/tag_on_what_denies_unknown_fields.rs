use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
struct Card {
    number: String,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
enum Payment {
    Card { number: String },
}

fn main() {}
