use esrs::prelude::*;

#[path = "recursion_across_files/rules.rs"]
mod rules;

#[derive(Schema, Serialize, Deserialize)]
enum Condition {
    Above(i64),
    All(rules::Rules),
}

fn main() {}
