use std::collections::BTreeMap;

use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Stock {
    Counted { by_shelf: BTreeMap<u32, u64> },
    Named { by_name: BTreeMap<String, u64> },
}

fn main() {}
