use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("placed")]
struct Placed {
    name: String,
}

fn main() {
    println!("{} {}", Placed::NAME, targets::in_a_function());
}
