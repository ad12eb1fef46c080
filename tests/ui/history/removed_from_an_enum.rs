use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2, removed(name = "Usd", ty = (), in = 2))]
enum Currency {
    Eur,
}

fn main() {}
