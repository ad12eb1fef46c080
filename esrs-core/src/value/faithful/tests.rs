use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{ChangedValue, JsonFault, to_faithful_json};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct All {
    ratio: Option<f64>,
    nested: Option<Option<i32>>,
    unit: Option<()>,
    lines: Vec<Line>,
    by_name: HashMap<String, Option<f32>>,
    names: HashSet<String>,
    way: Way,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Line(Option<Weight>, i64);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Weight(f32);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
enum Way {
    #[default]
    None,
    Some {
        of: Option<f64>,
    },
    One(Option<()>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Narrow(i32),
    Wide(i64),
}

fn many() -> All {
    All {
        ratio: Some(-0.0),
        lines: vec![Line(Some(Weight(0.1)), i64::MIN), Line(None, i64::MAX)],
        by_name: (0..50).map(|n| (n.to_string(), (n % 2 == 0).then_some(0.1))).collect(),
        names: (0..50).map(|n| n.to_string()).collect(),
        way: Way::Some { of: Some(f64::MIN_POSITIVE) },
        ..All::default()
    }
}

#[test]
fn a_value_that_comes_back_is_written() {
    for value in [All::default(), many()] {
        let json = to_faithful_json(&value).unwrap();
        assert_eq!(serde_json::from_str::<All>(&json).unwrap(), value);
    }
}

#[test]
fn a_value_that_changes_is_refused_with_its_path_and_kind() {
    let mut map = many();
    map.by_name.insert("nan".to_owned(), Some(f32::NAN));
    let line = |weight| All { lines: vec![Line(None, 0), weight], ..many() };
    let cases = [
        (All { ratio: Some(f64::NAN), ..many() }, "ratio", "Some(NaN)"),
        (All { ratio: Some(f64::INFINITY), ..many() }, "ratio", "Some(an infinite number)"),
        (All { nested: Some(None), ..many() }, "nested", "Some(None)"),
        (All { unit: Some(()), ..many() }, "unit", "Some(())"),
        (line(Line(Some(Weight(f32::NAN)), 0)), "lines[1][0]", "Some(NaN)"),
        (map, "by_name[…]", "Some(NaN)"),
        (All { way: Way::Some { of: Some(f64::NAN) }, ..many() }, "way.of", "Some(NaN)"),
        (All { way: Way::One(Some(())), ..many() }, "way", "Some(())"),
    ];
    for (value, path, written) in cases {
        let Err(JsonFault::Changed(changed)) = to_faithful_json(&value) else {
            panic!("{path} is {written}, and was written")
        };
        let read = Some("None".to_owned());
        let expected = ChangedValue { path: path.to_owned(), written: written.to_owned(), read };
        assert_eq!(changed, expected);
    }
}

#[test]
fn a_value_that_cannot_be_read_says_which_it_is() {
    let error = to_faithful_json(&BTreeMap::from(
        [("a", 1.0), ("b", f64::NAN)].map(|(name, value)| (name.to_owned(), vec![0.5, value])),
    ));
    assert_eq!(
        error.unwrap_err().to_string(),
        "`[…][1]` is NaN, which JSON cannot hold; change the value, or the type of the field"
    );
}

#[test]
fn another_variant_of_an_untagged_enum_is_refused() {
    assert!(to_faithful_json(&Either::Narrow(7)).is_ok());
    assert!(to_faithful_json(&Either::Wide(i64::MAX)).is_ok());
    let error = to_faithful_json(&Either::Wide(7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value is a whole number, and would be read back as another; change the value, or the \
         type of the field"
    );
}

#[test]
fn a_null_that_is_read_as_it_was_is_written() {
    fn present<'de, D: serde::Deserializer<'de>>(it: D) -> Result<Option<Option<i32>>, D::Error> {
        Option::deserialize(it).map(Some)
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        age: Option<Option<i32>>,
    }

    for age in [None, Some(None), Some(Some(3))] {
        let json = to_faithful_json(&Patch { age }).unwrap();
        assert_eq!(serde_json::from_str::<Patch>(&json).unwrap(), Patch { age });
    }
}

#[test]
fn keys_that_become_one_on_the_wire_are_refused() {
    #[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
    #[serde(from = "String")]
    struct Loose(String);

    impl From<String> for Loose {
        fn from(text: String) -> Self {
            Self(text)
        }
    }

    impl Serialize for Loose {
        fn serialize<S: serde::Serializer>(&self, it: S) -> Result<S::Ok, S::Error> {
            it.serialize_str(&self.0.to_lowercase())
        }
    }

    let map: HashMap<_, _> =
        [("A", 1), ("a", 2)].map(|(key, value)| (Loose(key.to_owned()), value)).into();
    assert!(matches!(to_faithful_json(&map), Err(JsonFault::Changed(_))));
}
