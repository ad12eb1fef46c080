use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("Shown")]
struct Shown {
    one: bool,
}

fn main() {
    println!("{}", Shown::NAME);
}
