use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("tried")]
struct Tried {
    by: String,
}

fn main() {
    println!("{}", Tried::NAME);
}
