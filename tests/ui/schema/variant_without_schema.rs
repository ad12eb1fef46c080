use esrs::prelude::*;

#[derive(Serialize, Deserialize)]
struct Card(String);

#[derive(Schema, Serialize, Deserialize)]
enum Payment {
    Cash,
    Card(Card),
}

fn main() {}
