use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct Folder {
    name: String,
    entries: Vec<Entry>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Entry {
    within: Option<Box<Folder>>,
}

fn main() {}
