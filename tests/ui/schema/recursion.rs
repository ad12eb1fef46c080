use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Folder {
    name: String,
    parent: Option<Box<Folder>>,
}

fn main() {}
