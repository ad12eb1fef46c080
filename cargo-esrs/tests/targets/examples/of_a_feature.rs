use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("of_a_feature")]
struct OfAFeature {
    of: bool,
}

fn main() {
    println!("{}", OfAFeature::NAME);
}
