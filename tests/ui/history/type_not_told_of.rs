use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
struct Amount {
    cents: i64,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
enum Currency {
    Eur,
}

fn main() {}
