use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Place {
    #[schema(opaqe = "geo_point@1")]
    at: (f64, f64),
}

fn main() {}
