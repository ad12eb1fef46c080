//! Parts that a shape cannot tell are opaque; all others need nothing.

use std::collections::BTreeMap;

use esrs::prelude::*;

mod as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        value.to_string().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Address {
    street_name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[schema(opaque = "number_as_text@1")]
    #[serde(with = "as_text")]
    number: u64,
    #[schema(opaque = "address@1")]
    within: Option<Box<Address>>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Rest {
    #[schema(opaque = "rest@1")]
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(opaque = "number_or_text@1", crate = ::esrs)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

#[derive(Schema, Serialize, Deserialize)]
struct Folder {
    entries: Vec<Entry>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Entry {
    name: String,
    #[schema(opaque = "folder@1")]
    within: Option<Box<Folder>>,
    #[serde(skip)]
    cached: Option<Box<Folder>>,
    of: std::marker::PhantomData<Listed<u8>>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Listed<Entry> {
    of: Vec<Entry>,
}

mod before {
    use esrs::prelude::*;

    #[derive(Schema, Serialize, Deserialize)]
    pub struct Node {
        pub link: Link,
    }

    #[derive(Schema, Serialize, Deserialize)]
    pub struct Link {
        pub to: u8,
    }
}

mod after {
    use esrs::prelude::*;

    #[derive(Schema, Serialize, Deserialize)]
    pub struct Link {
        pub node: Node,
    }

    #[derive(Schema, Serialize, Deserialize)]
    pub struct Node {
        pub to: u8,
    }
}

pub(crate) fn main() {
    let stored = r#"{"entries":[{"name":"a","within":{"entries":[]},"of":null}]}"#;
    let folder: Folder = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&folder).unwrap(), stored);
    assert_eq!(Folder::SHAPE.to_string(), "{entries: [{name: string, within: opaque \"folder@1\", of: null}]}");
    assert_ne!(before::Node::FINGERPRINT, after::Node::FINGERPRINT);
    let shape = <Address as Schema>::SHAPE.to_string();
    assert!(shape.contains("streetName"), "{shape}");
    let fingerprints =
        [Address::FINGERPRINT, Rest::FINGERPRINT, NumberOrText::FINGERPRINT].map(|f| f.to_string());
    assert_ne!(fingerprints[0], fingerprints[1]);
    assert_ne!(fingerprints[1], fingerprints[2]);
}
