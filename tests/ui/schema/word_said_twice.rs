use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Place {
    #[schema(opaque = "geo_point@1", opaque = "geo_point@2")]
    at: (f64, f64),
}

fn main() {}
