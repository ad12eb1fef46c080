use std::time::SystemTime;

use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Visit {
    at: SystemTime,
}

fn main() {}
