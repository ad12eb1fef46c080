use esrs::prelude::*;

// serde derives nothing for a union, so its derives are not here.
#[derive(Schema)]
union Number {
    whole: u64,
    real: f64,
}

fn main() {}
