use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Amount {
    units: Option<u128>,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Payment {
    Gift { amounts: Vec<Amount> },
    Free,
}

fn main() {}
