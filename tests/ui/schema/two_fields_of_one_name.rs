use esrs::prelude::*;

// The warning is of serde's derive.
#[derive(Schema, Serialize, Deserialize)]
struct Address {
    city: String,
    #[serde(alias = "city")]
    town: String,
}

fn main() {}
