use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
enum Condition {
    Above(i64),
    All(Vec<Condition>),
}

fn main() {}
