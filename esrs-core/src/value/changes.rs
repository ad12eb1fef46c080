//! The differences of two JSON values, place by place.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::escaped::escaped;

/// The differences between two values, such as a state at two moments, or two payloads of an event.
///
/// Objects are compared key by key and arrays place by place; a scalar that differs, or a value
/// that became one of another kind, is one change. Its `Display` has a line a change.
///
/// ```
/// use esrs_core::Changes;
/// use serde_json::json;
///
/// let before = json!({ "cents": 500, "note": "rent", "lines": [{ "sku": "A", "quantity": 1 }] });
/// let after = json!({ "cents": 300, "lines": [{ "sku": "A", "quantity": 2 }, { "sku": "B" }] });
/// let changes = Changes::between(&before, &after);
/// assert_eq!(
///     changes.to_string(),
///     r#"cents: 500 → 300
/// lines[0].quantity: 1 → 2
/// lines[1]: added {"sku":"B"}
/// note: removed "rent""#
/// );
/// assert_eq!(changes.get("cents").unwrap().after, Some(json!(300)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

/// One place in which two values differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Where it is: `cents`, `lines[2].quantity`, `owner["first name"]`; empty for the whole value.
    pub path: String,
    /// The value before; `None` if there was none, which is not JSON's `null`.
    pub before: Option<Value>,
    /// The value after; `None` if there is none.
    pub after: Option<Value>,
}

impl Changes {
    /// Compares `after` with `before`: the keys of an object in their alphabetical order, the elements of an
    /// array by place, so that one taken out at the front changes every place.
    pub fn between(before: &Value, after: &Value) -> Self {
        let mut changes = Vec::new();
        compare(&mut String::new(), Some(before), Some(after), &mut changes);
        Self(changes)
    }

    /// Returns the number of places that differ.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.0.iter()
    }

    /// The change in exactly this place.
    pub fn get(&self, path: &str) -> Option<&Change> {
        self.iter().find(|change| change.path == path)
    }
}

/// Notes where `after` differs from `before`, both of which stand at `path`.
fn compare(
    path: &mut String,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for key in keys_of_either(before, after) {
                let above = path.len();
                push_key(path, key);
                compare(path, before.get(key), after.get(key), changes);
                path.truncate(above);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for place in 0..before.len().max(after.len()) {
                let above = path.len();
                path.push_str(&format!("[{place}]"));
                compare(path, before.get(place), after.get(place), changes);
                path.truncate(above);
            }
        }
        (before, after) => {
            let (before, after) = (before.cloned(), after.cloned());
            changes.push(Change { path: path.clone(), before, after });
        }
    }
}

/// Sorted here: a feature of serde_json that some other crate asks for may keep them in another order.
fn keys_of_either<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
) -> BTreeSet<&'a str> {
    before.keys().chain(after.keys()).map(String::as_str).collect()
}

fn push_key(path: &mut String, key: &str) {
    let begins_a_word = key.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if begins_a_word && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        path.push_str(&format!("[{}]", Value::from(key)));
    }
}

impl<'a> IntoIterator for &'a Changes {
    type Item = &'a Change;
    type IntoIter = std::slice::Iter<'a, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Changes {
    /// A line a change, with no line break behind the last; nothing when nothing differs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, change) in self.iter().enumerate() {
            if number > 0 {
                f.write_char('\n')?;
            }
            change.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    /// `cents: 500 → 300`, `lines[2]: added {"sku":"A"}`, or `note: removed "rent"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the whole value" } else { &self.path };
        write!(f, "{}", escaped(path))?;
        // JSON leaves characters as they are that a terminal obeys.
        let (before, after) = (self.before.as_ref().map(escaped), self.after.as_ref().map(escaped));
        match (before, after) {
            (Some(before), Some(after)) => write!(f, ": {before} → {after}"),
            (None, Some(after)) => write!(f, ": added {after}"),
            (Some(before), None) => write!(f, ": removed {before}"),
            (None, None) => f.write_str(": nothing"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn lines(before: Value, after: Value) -> Vec<String> {
        Changes::between(&before, &after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_change_names_its_place_however_deep_it_is() {
        let before = json!({ "lines": [{ "sku": "A" }, { "sku": "B", "quantity": 1 }] });
        let after = json!({ "lines": [{ "sku": "A" }, { "sku": "B", "quantity": 2 }] });
        assert_eq!(lines(before, after), ["lines[1].quantity: 1 → 2"]);
    }

    #[test]
    fn a_key_that_is_no_word_is_quoted() {
        let before = json!({ "owner": { "first name": 1, "2": 1, "": 1, "a\"b": 1, "größe": 1 } });
        let after = json!({ "owner": { "first name": 2, "2": 2, "": 2, "a\"b": 2, "größe": 2 } });
        let changes = Changes::between(&before, &after);
        let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                r#"owner[""]"#,
                r#"owner["2"]"#,
                r#"owner["a\"b"]"#,
                r#"owner["first name"]"#,
                "owner.größe"
            ]
        );
    }

    #[test]
    fn arrays_are_compared_by_place_and_their_ends_are_added_or_removed() {
        assert_eq!(lines(json!([1, 2]), json!([1, 3, 4])), ["[1]: 2 → 3", "[2]: added 4"]);
        assert_eq!(lines(json!({ "a": [1, 2] }), json!({ "a": [1] })), ["a[1]: removed 2"]);
    }

    #[test]
    fn a_key_that_is_not_there_is_not_one_that_is_null() {
        assert_eq!(lines(json!({ "note": null }), json!({})), ["note: removed null"]);
        assert_eq!(lines(json!({ "note": null }), json!({ "note": 1 })), ["note: null → 1"]);
    }

    #[test]
    fn a_change_of_kind_is_one_change() {
        let (before, after) = (json!({ "owner": { "a": 1, "b": 2 } }), json!({ "owner": "Alice" }));
        assert_eq!(lines(before, after), [r#"owner: {"a":1,"b":2} → "Alice""#]);
    }

    #[test]
    fn a_value_that_changed_as_a_whole_has_an_empty_path() {
        let changes = Changes::between(&json!("Empty"), &json!({ "Open": 1 }));
        assert_eq!(changes.to_string(), r#"the whole value: "Empty" → {"Open":1}"#);
        assert_eq!(changes.get("").unwrap().before, Some(json!("Empty")));
    }

    #[test]
    fn changes_stand_in_the_order_of_their_keys_a_line_each() {
        let changes = Changes::between(&json!({ "b": 1, "a": 1 }), &json!({ "c": 1, "a": 2 }));
        assert_eq!(changes.to_string(), "a: 1 → 2\nb: removed 1\nc: added 1");
        assert_eq!((changes.len(), changes.is_empty(), changes.get("d")), (3, false, None));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[ab ]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab ]{0,2}", inner, 0..4)
                    .prop_map(|keys| Value::Object(keys.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(value in any_json()) {
            prop_assert!(Changes::between(&value, &value).is_empty());
        }

        #[test]
        fn what_differs_has_a_change_and_each_of_them_has_a_place_of_its_own(
            before in any_json(),
            after in any_json(),
        ) {
            let changes = Changes::between(&before, &after);
            prop_assert_eq!(changes.is_empty(), before == after);
            for change in &changes {
                prop_assert_ne!(&change.before, &change.after);
                prop_assert_eq!(changes.get(&change.path), Some(change));
            }
        }

        #[test]
        fn the_way_back_is_the_same_changes_turned_round(before in any_json(), after in any_json()) {
            let turn = |change: Change| Change {
                before: change.after,
                after: change.before,
                ..change
            };
            let back: Vec<_> = Changes::between(&after, &before).into_iter().map(turn).collect();
            prop_assert_eq!(back, Changes::between(&before, &after).0);
        }
    }
}
