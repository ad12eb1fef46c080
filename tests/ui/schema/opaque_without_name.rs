use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Place {
    #[schema(opaque)]
    at: (f64, f64),
}

fn main() {}
