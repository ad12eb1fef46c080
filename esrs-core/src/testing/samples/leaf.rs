//! Values without parts: the ones at the edge, and any.

use super::dice::Dice;
use crate::schema::lock::tree::Tree;

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    Null,
    Bool,
    Integer { signed: bool, bits: u16 },
    NonZero { signed: bool, bits: u16 },
    Float { bits: u16 },
    Char,
    String,
    Format(&'static [&'static str]),
    Any,
}

impl Leaf {
    /// `None` for what has parts, and for what cannot be made up.
    pub(super) fn of(tree: &Tree) -> Option<Self> {
        Some(match tree {
            Tree::Null => Self::Null,
            Tree::Bool => Self::Bool,
            Tree::Integer { signed, bits: bits @ 1..=128 } => {
                Self::Integer { signed: *signed, bits: *bits }
            }
            Tree::NonZero { signed, bits: bits @ 1..=128 } => {
                Self::NonZero { signed: *signed, bits: *bits }
            }
            Tree::Float { bits: bits @ (32 | 64) } => Self::Float { bits: *bits },
            Tree::Char => Self::Char,
            Tree::String => Self::String,
            Tree::Format(name) => Self::Format(format(name)?),
            Tree::Any => Self::Any,
            _ => return None,
        })
    }

    /// The values at the edge, as JSON.
    pub(super) fn edges(self) -> Vec<String> {
        match self {
            Self::Null => vec!["null".to_owned()],
            Self::Bool => vec!["false".to_owned(), "true".to_owned()],
            Self::Integer { signed: true, bits } => {
                let (least, most) = (i128::MIN >> (128 - bits), i128::MAX >> (128 - bits));
                texts([0, -1, 1, least, most, least + 1])
            }
            Self::Integer { signed: false, bits } => {
                let most = u128::MAX >> (128 - bits);
                texts([0, 1, most, most - 1, most / 2, most / 2 + 1])
            }
            Self::NonZero { signed, bits } => {
                let mut edges = Self::Integer { signed, bits }.edges();
                edges.retain(|edge| edge != "0");
                edges
            }
            Self::Float { bits: 32 } => {
                texts(["0.0", "-0.0", "1.5", "-2.25", "3.4028235e38", "1.1754944e-38"])
            }
            Self::Float { .. } => texts([
                "0.0",
                "-0.0",
                "1.5",
                "-2.25",
                "1.7976931348623157e308",
                "2.2250738585072014e-308",
                "9007199254740991.0",
            ]),
            Self::Char => {
                let letters = ['a', '\0', '"', '\\', '\n', '\u{7f}', 'ß', '€', '😀', char::MAX];
                letters.iter().map(|letter| quoted(&letter.to_string())).collect()
            }
            Self::String => {
                let words = ["", "a", " ", "null", "0", "größe € 😀", "\0\u{1}\n\"\\/", "\u{feff}"];
                let mut texts: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                texts.push(quoted(&"long ".repeat(60)));
                // Letters that did not have to be written by their number.
                texts.push("\"\\u0041\\/\\u00df\\ud83d\\ude00\"".to_owned());
                texts
            }
            Self::Format(values) => values.iter().map(|value| quoted(value)).collect(),
            Self::Any => texts([
                "null",
                "true",
                "0",
                "-9223372036854775808",
                "18446744073709551615",
                "0.5",
                "\"\"",
                "[]",
                "{}",
                "{\"\":[null,{\"a\":[[]]}]}",
            ]),
        }
    }

    /// A value of no importance, as JSON.
    pub(super) fn any(self, dice: &mut Dice) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool => dice.once_in(2).to_string(),
            Self::Integer { signed, bits } => {
                // Small ones as often as large ones.
                let unused = 128 - usize::from(bits) + dice.below(bits.into());
                let number = dice.next_wide();
                match signed {
                    // The shift keeps the sign.
                    true => (number.cast_signed() >> unused).to_string(),
                    false => (number >> unused).to_string(),
                }
            }
            Self::NonZero { signed, bits } => match (Self::Integer { signed, bits }).any(dice) {
                zero if zero == "0" => "1".to_owned(),
                number => number,
            },
            Self::Float { bits: 32 } => any_float(dice, |bits| {
                let number = f32::from_bits(bits as u32);
                number.is_finite().then(|| format!("{number:?}"))
            }),
            Self::Float { .. } => any_float(dice, |bits| {
                let number = f64::from_bits(bits);
                number.is_finite().then(|| format!("{number:?}"))
            }),
            Self::Char => quoted(&letter(dice).to_string()),
            Self::String => quoted(&(0..dice.below(12)).map(|_| letter(dice)).collect::<String>()),
            Self::Format(values) => quoted(dice.one_of(values).copied().unwrap_or_default()),
            Self::Any => any_json(dice, 3),
        }
    }
}

/// A number of any bits, as JSON; seldom none, and then 0.
fn any_float(dice: &mut Dice, text: impl Fn(u64) -> Option<String>) -> String {
    (0..4).find_map(|_| text(dice.next())).unwrap_or_else(|| "0.0".to_owned())
}

fn texts<T: ToString, const N: usize>(values: [T; N]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// The text as a string of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn letter(dice: &mut Dice) -> char {
    let wide = if dice.once_in(3) { 0x11_0000 } else { 0x80 };
    // What is no letter, half of a surrogate pair, is a plain one.
    u32::try_from(dice.below(wide)).ok().and_then(char::from_u32).unwrap_or('x')
}

fn any_json(dice: &mut Dice, depth: usize) -> String {
    let kinds = if depth == 0 { 4 } else { 6 };
    match dice.below(kinds) {
        0 => "null".to_owned(),
        1 => Leaf::Bool.any(dice),
        2 => Leaf::Integer { signed: true, bits: 64 }.any(dice),
        3 => Leaf::String.any(dice),
        4 => {
            let items: Vec<_> = (0..dice.below(4)).map(|_| any_json(dice, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => object(&any_members(dice, depth - 1)),
    }
}

/// Members of an object that may have any.
pub(super) fn any_members(dice: &mut Dice, depth: usize) -> Vec<(String, String)> {
    let mut members: Vec<(String, String)> = Vec::new();
    for _ in 0..dice.below(4) {
        let key = Leaf::String.any(dice);
        if !members.iter().any(|(taken, _)| *taken == key) {
            members.push((key, any_json(dice, depth)));
        }
    }
    members
}

/// An object of members whose names are written in quotes.
pub(super) fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Values that each type of the format reads, and writes as they are.
fn format(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "uuid" => &[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "01932c07-209c-7d4e-8d1f-5a3b0e6f4c21",
        ],
        "timestamp" => &[
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999999999Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T22:00:00Z",
        ],
        "offset_date_time" => &[
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999999999+05:30",
            "9999-12-30T22:00:00-11:00",
        ],
        // A zone by its name would have to be known where the tests run.
        "zoned_date_time" => {
            &["1970-01-01T00:00:00-11:00[-11:00]", "2024-02-29T23:59:59.999999999+05:30[+05:30]"]
        }
        "date" => &["1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"],
        "chrono_timestamp" => &[
            "1970-01-01T00:00:00Z",
            "2016-12-31T23:59:60.999999999Z",
            "0001-01-01T00:00:00Z",
            "+262142-12-31T23:59:59.999999999Z",
            "-262143-01-01T00:00:00Z",
        ],
        "chrono_date" => &["1970-01-01", "2024-02-29", "+262142-12-31", "-262143-01-01"],
        "chrono_time" => &["00:00:00", "12:30:00", "23:59:60.999999999"],
        "chrono_date_time" => {
            &["1970-01-01T00:00:00", "2016-12-31T23:59:60", "+262142-12-31T23:59:59.999999999"]
        }
        "time" => &["00:00:00", "12:30:00", "23:59:59.999999999"],
        "date_time" => {
            &["1970-01-01T00:00:00", "2024-02-29T23:59:59.999999999", "9999-12-31T00:00:00"]
        }
        "duration" => &["PT0S", "PT1H30M", "-PT1H", "PT0.000000001S", "PT175307616H"],
        "span" => {
            &["PT0S", "P1Y2M3W4DT5H6M7.000000008S", "-P1Y", "PT90M", "-P19998Y", "PT175307616H"]
        }
        "ip" => &["0.0.0.0", "255.255.255.255", "::", "2001:db8::1"],
        "ipv4" => &["0.0.0.0", "255.255.255.255", "192.168.0.1"],
        "ipv6" => &["::", "::1", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        "socket_address" => &["0.0.0.0:0", "127.0.0.1:65535", "[::1]:80"],
        "decimal" => {
            &["0", "-1.50", "79228162514264337593543950335", "0.0000000000000000000000000001"]
        }
        "url" => {
            &["https://example.com/", "https://example.com/a%20b?c=d#e", "mailto:a@example.com"]
        }
        _ => return None,
    })
}
