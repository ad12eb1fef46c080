use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("thing_changed")]
struct Changed<T> {
    to: T,
}

fn main() {}
