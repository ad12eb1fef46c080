use std::collections::BTreeMap;

use esrs::prelude::*;

// Six mistakes, and all of them are told.
#[derive(Schema, Serialize, Deserialize)]
#[schema(retired = 1, crate = esrs)]
struct Folder {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    parent: Option<Box<Folder>>,
    #[schema(opaque = "geo_point")]
    at: (f64, f64),
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

fn main() {}
