use std::collections::BTreeMap;

use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Address {
    city: String,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

fn main() {}
