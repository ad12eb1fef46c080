use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Address {
    #[serde(skip_serializing_if = "String::is_empty")]
    city: String,
}

fn main() {}
