//! The messages of this folder, followed as they are printed.

use esrs::prelude::*;

mod inner {
    pub use esrs::*;
}

/// `relative_crate_path`, of `crate` in each derive
#[derive(Schema)]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[schema(crate = crate::schema_followed::inner)]
struct Note {
    /// `skip_serializing_if_without_default`
    #[serde(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// `written_and_read_by_two_names`
    #[serde(alias = "memo")]
    text: String,
    /// `attribute_on_a_field`, of an event
    #[serde(rename = "by")]
    author: String,
}

pub(crate) fn main() {
    let note: Note = serde_json::from_str(r#"{"memo":"a","by":"b"}"#).unwrap();
    assert_eq!(serde_json::to_string(&note).unwrap(), r#"{"text":"a","by":"b"}"#);
    assert_eq!(Note::SHAPE.to_string(), "{tags?: [string], text/memo: string, by: string}");
}
