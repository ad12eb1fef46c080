use esrs::prelude::*;

// Six mistakes, and all of them are told.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3, removed(name = "note", in = 2))]
struct MoneyDeposited {
    #[event(renamed(from = amount, in = 2))]
    cents: i64,
    #[event(added(in = "2"))]
    currency: Option<String>,
    #[event(added(in = 4), retyped(from = String, in = 2, with =), gone(in = 2))]
    place: Option<String>,
}

fn main() {}
