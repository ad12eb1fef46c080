use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2, opaque = "range@1")]
struct Range {
    from: i64,
    #[schema(added(in = 2))]
    to: Option<i64>,
}

fn main() {}
