use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, removed(name = "place", ty = Place, in = 2))]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Serialize, Deserialize)]
struct Place {
    name: String,
}


fn main() {}
