use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Place {
    #[schema(crate = ::esrs)]
    at: (f64, f64),
}

fn main() {}
