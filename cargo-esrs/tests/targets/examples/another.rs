use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("Shown")]
struct Shown {
    another: bool,
}

fn main() {
    println!("{}", Shown::NAME);
}
