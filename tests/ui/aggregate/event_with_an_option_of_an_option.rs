use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Limit(Option<u32>);

#[derive(Event, Serialize, Deserialize)]
#[event("limit_changed")]
struct LimitChanged {
    limit: Option<Limit>,
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(LimitChanged)))]
struct BankAccount {}

fn main() {}
