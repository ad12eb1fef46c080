use esrs::prelude::*;

mod geo {
    pub struct Point {
        pub x: i32,
    }
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(remote = "geo::Point")]
struct PointDef {
    x: i32,
}

fn main() {}
