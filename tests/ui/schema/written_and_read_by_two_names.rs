use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Address {
    #[serde(rename(serialize = "town", deserialize = "city"))]
    city: String,
}

fn main() {}
