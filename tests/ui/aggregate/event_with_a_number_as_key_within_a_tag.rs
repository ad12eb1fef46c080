use std::collections::BTreeMap;

use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Stock {
    Counted { by_shelf: BTreeMap<u32, u64> },
    Named { by_name: BTreeMap<String, u64> },
}

#[derive(Event, Serialize, Deserialize)]
#[event("stock_taken")]
struct StockTaken {
    stock: Vec<Stock>,
}

#[derive(Aggregate, Default)]
#[aggregate("warehouse", id = u64, events(ignored(StockTaken)))]
struct Warehouse {}

fn main() {}
