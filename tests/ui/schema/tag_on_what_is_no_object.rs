use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Payment {
    Cash(u32),
    Free,
}

fn main() {}
