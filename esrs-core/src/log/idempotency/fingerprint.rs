//! The type and content of commands, as they are stored with an idempotency key.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::root;
use crate::event::StreamId;
use crate::value::{Withheld, guarded};

/// The version of the stored form.
const FORM: u32 = 1;

/// The type of a command and a hash of each of its fields, by which a repetition of a command is told
/// from another command under the same idempotency key.
///
/// It is made of what `Serialize` writes: `#[serde(skip)]` leaves out what may differ between
/// repetitions, such as the time at which a request came in. The order of map entries, of the elements of
/// a `HashSet` and of struct fields does not matter, and neither does the width of a number. A field that
/// only one of two releases has is not compared, so a command may gain and lose fields between a command
/// and its repetition. Its name is that of the type without its module; `#[serde(rename = "…")]` keeps
/// it when the type is renamed.
///
/// ```
/// use esrs_core::CommandFingerprint;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Deposit {
///     cents: i64,
/// }
///
/// let five = CommandFingerprint::of(&Deposit { cents: 5 })?;
/// assert_eq!(five, CommandFingerprint::of(&Deposit { cents: 5 })?);
/// assert_ne!(five, CommandFingerprint::of(&Deposit { cents: 6 })?);
/// # Ok::<_, esrs_core::FingerprintError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandFingerprint(Arc<[OneCommand]>);

/// A command could not be serialized, so that nothing tells it from others.
///
/// The words of a `Serialize` of your own are withheld, as by [`JsonError`](crate::JsonError): they may quote the
/// value that was refused. [`details`](Self::details) returns them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FingerprintError {
    pub(super) reason: Withheld,
}

impl FingerprintError {
    /// Returns the message of its `Serialize`, with the values in it.
    pub fn details(&self) -> &str {
        self.reason.details()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct OneCommand {
    /// The stream of a command that is one of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    command: String,
    fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Stored {
    form: u32,
    #[serde(default)]
    commands: Vec<OneCommand>,
}

#[derive(Serialize)]
struct Storing<'a> {
    form: u32,
    commands: &'a [OneCommand],
}

impl CommandFingerprint {
    /// Computes the fingerprint of a command.
    ///
    /// # Errors
    /// Returns [`FingerprintError`] if its `Serialize` fails or panics.
    pub fn of<C: ?Sized + Serialize>(command: &C) -> Result<Self, FingerprintError> {
        let content = guarded(|| root::content(command)).unwrap_or_else(|message| {
            Err(FingerprintError { reason: format!("its `Serialize` panicked: {message}").into() })
        })?;
        let root::Content { name, fields } = content;
        let text = |hash: Option<u64>| hash.map_or_else(String::new, |hash| format!("{hash:016x}"));
        let fields = fields.into_iter().map(|(field, hash)| (field, text(hash))).collect();
        Ok(Self([OneCommand { stream: None, command: name, fields }].into()))
    }

    /// Joins the fingerprints of commands that are stored as one batch.
    pub(crate) fn of_batch<'a>(parts: impl Iterator<Item = (&'a StreamId, &'a Self)>) -> Self {
        let commands = parts.flat_map(|(stream, part)| {
            let of_stream =
                |one: &OneCommand| OneCommand { stream: Some(stream.to_string()), ..one.clone() };
            part.0.iter().map(of_stream).collect::<Vec<_>>()
        });
        Self(commands.collect())
    }

    /// The text that stores keep.
    pub fn to_json(&self) -> String {
        // A struct of texts is always JSON.
        serde_json::to_string(&Storing { form: FORM, commands: &self.0 }).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` for another form, which a newer release may
    /// have written.
    pub fn from_json(text: &str) -> Option<Self> {
        let Stored { form, commands } = serde_json::from_str(text).ok()?;
        (form == FORM).then(|| Self(commands.into()))
    }

    /// Describes both if they are of different commands: this one, and the other.
    pub(super) fn difference(&self, other: &Self) -> Option<(String, String)> {
        let differs = |(mine, other): (&OneCommand, &OneCommand)| {
            mine.stream != other.stream
                || mine.command != other.command
                || mine.differing(other).next().is_some()
        };
        let is_same = self.0.len() == other.0.len() && !self.0.iter().zip(&*other.0).any(differs);
        if is_same {
            return None;
        }
        let mut found = other.to_string();
        let fields: Vec<_> = self
            .0
            .iter()
            .zip(&*other.0)
            .filter(|(mine, other)| mine.command == other.command)
            .flat_map(|(mine, other)| mine.differing(other))
            .filter(|field| !field.is_empty())
            .map(|field| format!("`{field}`"))
            .collect();
        if self.to_string() == found {
            found = match &*fields {
                [] => format!("{found} with other content"),
                fields => format!("{found} with another {}", fields.join(", ")),
            };
        }
        Some((self.to_string(), found))
    }
}

impl OneCommand {
    /// The fields that both have, with different values.
    fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let differs = |(field, hash): &(&String, &String)| {
            other.fields.get(*field).is_some_and(|other| other != *hash)
        };
        self.fields.iter().filter(differs).map(|(field, _)| field.as_str())
    }
}

/// The types of the commands: `` `Withdraw` for account-1 and `Deposit` for account-2 ``.
impl fmt::Display for CommandFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, OneCommand { stream, command, .. }) in self.0.iter().enumerate() {
            let and = if place == 0 { "" } else { " and " };
            write!(f, "{and}`{command}`")?;
            if let Some(stream) = stream {
                write!(f, " for {stream}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use super::*;

    fn of<T: Serialize>(command: T) -> CommandFingerprint {
        CommandFingerprint::of(&command).unwrap()
    }

    /// The differences between a command and what is stored of another.
    fn between<A: Serialize, B: Serialize>(now: A, stored: B) -> Option<(String, String)> {
        let stored = CommandFingerprint::from_json(&of(stored).to_json()).unwrap();
        of(now).difference(&stored)
    }

    #[derive(Serialize, Clone)]
    struct Deposit {
        cents: i64,
        note: Option<String>,
    }

    fn deposit(cents: i64, note: Option<&str>) -> Deposit {
        Deposit { cents, note: note.map(str::to_owned) }
    }

    #[test]
    fn other_content_is_named_by_its_fields() {
        assert_eq!(between(deposit(5, None), deposit(5, None)), None);
        let (expected, found) = between(deposit(5, None), deposit(6, Some("rent"))).unwrap();
        assert_eq!((&*expected, &*found), ("`Deposit`", "`Deposit` with another `cents`, `note`"));
    }

    #[test]
    fn another_type_with_the_same_fields_differs() {
        #[derive(Serialize)]
        struct Withdraw {
            cents: i64,
            note: Option<String>,
        }
        let withdraw = Withdraw { cents: 5, note: None };
        let (expected, found) = between(withdraw, deposit(5, None)).unwrap();
        assert_eq!((&*expected, &*found), ("`Withdraw`", "`Deposit`"));
    }

    #[test]
    fn variants_of_an_enum_differ() {
        #[derive(Serialize)]
        enum Command {
            Open,
            Close,
            Deposit(Deposit),
            Move { cents: i64 },
            Swap(i64, i64),
        }
        let all = || {
            [
                Command::Open,
                Command::Close,
                Command::Deposit(deposit(1, None)),
                Command::Deposit(deposit(2, None)),
                Command::Move { cents: 1 },
                Command::Move { cents: 2 },
                Command::Swap(1, 2),
                Command::Swap(2, 1),
            ]
        };
        for (one, left) in all().into_iter().enumerate() {
            for (other, right) in all().into_iter().enumerate() {
                assert_eq!(between(&left, &right).is_none(), one == other, "{one} and {other}");
            }
        }
        let (_, found) = between(&all()[2], &all()[3]).unwrap();
        assert_eq!(found, "`Command::Deposit` with another `cents`");
    }

    #[test]
    fn a_field_that_one_release_lacks_is_not_compared() {
        mod newer {
            #[derive(serde::Serialize)]
            pub(super) struct Deposit {
                pub(super) is_urgent: bool,
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(super) note: Option<&'static str>,
                pub(super) cents: u128,
                pub(super) branch: Option<&'static str>,
            }
        }
        let now =
            |cents, note| newer::Deposit { is_urgent: true, note, cents, branch: Some("Brno") };
        assert_eq!(between(now(5, None), deposit(5, None)), None);
        assert_eq!(between(deposit(5, None), now(5, None)), None);
        assert!(between(now(6, None), deposit(5, None)).is_some());
        assert!(between(now(5, Some("rent")), deposit(5, None)).is_some());
        // Skipped is none, and not a field that another release lacks.
        assert!(between(now(5, Some("rent")), now(5, None)).is_some());
        assert!(between(now(5, None), now(5, Some("rent"))).is_some());
    }

    #[test]
    fn nested_content_is_compared_and_may_gain_what_is_none() {
        #[derive(Serialize)]
        struct Order {
            lines: Vec<BTreeMap<&'static str, Option<u32>>>,
        }
        let order = |lines: &[&[(&'static str, Option<u32>)]]| Order {
            lines: lines.iter().map(|line| line.iter().copied().collect()).collect(),
        };
        let first = || order(&[&[("pen", Some(1))], &[("ink", Some(2))]]);
        assert_eq!(between(first(), first()), None);
        let gained = order(&[&[("pen", Some(1)), ("gift", None)], &[("ink", Some(2))]]);
        assert_eq!(between(gained, first()), None);
        let turned = order(&[&[("ink", Some(2))], &[("pen", Some(1))]]);
        assert!(between(turned, first()).is_some());
        let more = order(&[&[("pen", Some(1))], &[("ink", Some(3))]]);
        assert!(between(more, first()).is_some());
    }

    #[test]
    fn maps_and_sets_have_no_order() {
        #[derive(Serialize, Default)]
        struct Tag {
            tags: HashSet<u64>,
            wrapped: Wrapped,
            owned: Option<std::borrow::Cow<'static, HashSet<u64>>>,
            weights: HashMap<u64, f64>,
            list: Vec<u64>,
        }
        #[derive(Serialize, Default)]
        struct Wrapped(HashSet<u64>);
        // Each has a random state of its own.
        let tag = || Tag {
            tags: (0..50).collect(),
            wrapped: Wrapped((0..50).collect()),
            owned: Some(std::borrow::Cow::Owned((0..50).collect())),
            weights: (0..50).map(|key| (key, 0.1 * key as f64)).collect(),
            list: vec![1, 2],
        };
        for _ in 0..20 {
            assert_eq!(between(tag(), tag()), None);
        }
        assert!(between(Tag { tags: (0..49).collect(), ..tag() }, tag()).is_some());
        assert!(between(Tag { list: vec![2, 1], ..tag() }, tag()).is_some());
    }

    #[test]
    fn values_that_differ_have_other_hashes() {
        #[derive(Serialize)]
        enum Kind {
            Empty,
            Text(String),
            Named { text: String },
        }
        #[derive(Serialize)]
        struct Pair<A, B>(A, B);
        fn json<T: Serialize>(value: T) -> String {
            of(Pair(value, 0)).to_json()
        }
        let all = [
            json(0.0),
            json(-0.0),
            json(0.1 + 0.2),
            json(0.3),
            json(f64::NAN),
            json(f64::INFINITY),
            json(0_u8),
            json(1_u8),
            json(-1_i64),
            json(u128::MAX),
            json(i128::MIN),
            json(true),
            json(false),
            json(()),
            json(None::<u8>),
            json(Some(None::<u8>)),
            json(""),
            json("a"),
            json("0"),
            json(["a", "b"]),
            json(["ab", ""]),
            json(["ab"]),
            json([] as [u8; 0]),
            json([[0_u8; 0]]),
            json(BTreeMap::from([("a", "b")])),
            json(BTreeMap::from([("ab", "")])),
            json(BTreeMap::<u8, u8>::new()),
            json(Kind::Empty),
            json(Kind::Text("a".to_owned())),
            json(Kind::Named { text: "a".to_owned() }),
            json(Pair(1, 2)),
            json(Pair(2, 1)),
        ];
        for (place, one) in all.iter().enumerate() {
            let same = all.iter().position(|other| other == one);
            assert_eq!(same, Some(place), "{one}");
        }
        assert_eq!(json(f64::NAN), json(-f64::NAN));
        assert_eq!(json(1_u8), json(1_i128));
        assert_eq!(json(0.5_f32), json(0.5_f64));
    }

    #[test]
    fn what_is_no_struct_is_compared_as_a_whole() {
        assert_eq!(between("open", "open"), None);
        let (expected, found) = between(7, 8).unwrap();
        assert_eq!((&*expected, &*found), ("`i32`", "`i32` with other content"));
    }

    #[test]
    fn what_cannot_be_serialized_is_an_error() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no way"))
            }
        }
        struct Panicking;
        impl Serialize for Panicking {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                panic!("no way at all")
            }
        }
        let error = CommandFingerprint::of(&[Broken]).unwrap_err();
        assert_eq!(error.details(), "no way");
        assert!(!format!("{error} {error:?}").contains("no way"), "{error:?}");
        let error = CommandFingerprint::of(&Panicking).unwrap_err();
        assert_eq!(error.to_string(), "its `Serialize` panicked: no way at all");
    }

    #[test]
    fn the_stored_form_is_pinned() {
        // Rows with it are in databases: another hash would refuse every repetition.
        assert_eq!(
            of(deposit(5, None)).to_json(),
            r#"{"form":1,"commands":[{"command":"Deposit","fields":{"cents":"d8177e5ab2ad3e1f","note":""}}]}"#
        );
        assert_eq!(CommandFingerprint::from_json(r#"{"form":2,"more":[]}"#), None);
        assert_eq!(CommandFingerprint::from_json("damaged"), None);
    }
}
