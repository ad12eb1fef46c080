//! Whether two texts of JSON say the same.

use serde_json::Value;

/// Whether they say the same. The items of an array may stand in another order, because those of a set
/// do, and a number with a fraction may differ in its last digit, because serde_json reads it so.
pub(super) fn say_the_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (serde_json::from_str(one), serde_json::from_str(other)) {
        (Ok(one), Ok(other)) => is_same(&one, &other),
        _ => false,
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && (in_order(one, other) || in_any_order(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there =
                |(name, value)| other.get(name).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(is_there)
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            match (one.as_f64(), other.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() <= a.abs() * (2.0 * f64::EPSILON),
                _ => false,
            }
        }
        _ => one == other,
    }
}

fn in_order(one: &[Value], other: &[Value]) -> bool {
    one.iter().zip(other).all(|(one, other)| is_same(one, other))
}

fn in_any_order(one: &[Value], other: &[Value]) -> bool {
    let mut rest: Vec<_> = other.iter().collect();
    one.iter().all(|item| {
        let place = rest.iter().position(|other| is_same(item, other));
        place.map(|place| rest.swap_remove(place)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::say_the_same;

    #[test]
    fn what_says_the_same_is_told_from_what_does_not() {
        for (one, other) in [
            (r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1}"#),
            (r#"[{"a":1},{"a":2},{"a":1}]"#, r#"[{"a":1},{"a":1},{"a":2}]"#),
            ("0.30000000000000004", "0.3"),
        ] {
            assert!(say_the_same(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("[1,1,2]", "[1,2,2]"),
            ("[1]", "[1,1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            ("1", "1.0"),
            ("0.3", "0.31"),
            ("9007199254740992", "9007199254740993"),
        ] {
            assert!(!say_the_same(one, other), "{one} and {other}");
        }
    }
}
