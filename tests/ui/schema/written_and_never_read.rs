use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Address {
    #[serde(skip_deserializing)]
    city: String,
}

fn main() {}
