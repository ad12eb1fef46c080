use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize, Clone)]
#[schema(version = 2)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
struct Range {
    from: i64,
    #[schema(added(in = 2, default = 0))]
    to: i64,
}

impl From<(i64, i64)> for Range {
    fn from((from, to): (i64, i64)) -> Self {
        Self { from, to }
    }
}

impl From<Range> for (i64, i64) {
    fn from(range: Range) -> Self {
        (range.from, range.to)
    }
}

fn main() {}
