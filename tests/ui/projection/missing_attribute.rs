use esrs::prelude::*;

#[derive(Projection)]
struct AccountSummary {
    id: u64,
}

fn main() {}
