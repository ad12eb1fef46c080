use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("moved", version = 2)]
struct Moved(i64, #[event(added(in = 2, default = 0))] i64);

fn main() {}
