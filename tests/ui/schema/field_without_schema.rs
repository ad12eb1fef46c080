use esrs::prelude::*;

#[derive(Serialize, Deserialize)]
struct City(String);

#[derive(Schema, Serialize, Deserialize)]
struct Address {
    cities: Vec<City>,
}

fn main() {}
