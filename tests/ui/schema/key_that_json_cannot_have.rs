use std::collections::BTreeMap;

use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("board_drawn")]
struct BoardDrawn {
    by_point: Option<Vec<BTreeMap<Point, String>>>,
}

fn main() {}
