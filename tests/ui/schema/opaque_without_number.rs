use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Place {
    #[schema(opaque = "geo_point")]
    at: (f64, f64),
}

fn main() {}
