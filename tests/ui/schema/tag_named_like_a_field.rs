use esrs::prelude::*;

/// The tag is written twice.
#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
struct Direct {
    kind: String,
    cents: u8,
}

/// The tag is read as the field.
#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
struct ByAlias {
    #[serde(alias = "kind")]
    sort: String,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "step")]
enum Inner {
    Paid { kind: u8 },
}

#[derive(Schema, Serialize, Deserialize)]
enum Named {
    #[serde(rename = "kind")]
    Kind { of: u8 },
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "step", content = "kind")]
enum Adjacent {
    Paid(u8),
}

/// The tag is written among the members of what a variant holds.
#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Outer {
    Inner(Inner),
    Named(Named),
    Adjacent(Adjacent),
}

fn main() {}
