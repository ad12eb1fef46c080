use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
struct Range<T> {
    from: T,
    #[schema(added(in = 2))]
    to: Option<T>,
}

fn main() {}
