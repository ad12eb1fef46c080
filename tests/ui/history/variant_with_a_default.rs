use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
enum Currency {
    Eur,
    #[schema(added(in = 2, default = Currency::Eur))]
    Usd,
}

fn main() {}
