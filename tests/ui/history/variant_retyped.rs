use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
enum Reference {
    #[schema(retyped(from = u32, in = 2, with = u64::from))]
    Number(u64),
}

fn main() {}
