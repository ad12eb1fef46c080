//! A value as a tree, to say where two of them differ.

use std::fmt::Display;

use super::ChangedValue;
use super::walk::{Key, Kind, Leaf, Node};

/// A value, as its `Serialize` tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    /// One without parts: what is said of it, and what tells it from others.
    Leaf(&'static str, String),
    Some(Box<Tree>),
    Branch(Kind, Vec<(Place, Tree)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Item,
    Number(usize),
    Name(&'static str),
    Key(Box<Tree>),
}

const NONE: &str = "None";
const UNIT: &str = "()";
const NAN: &str = "NaN";
const INFINITE: &str = "an infinite number";

impl Node for Tree {
    type Parts = Vec<(Place, Tree)>;

    fn leaf(leaf: Leaf<'_>) -> Self {
        let float = |is_nan: bool, is_infinite: bool| match (is_nan, is_infinite) {
            (true, _) => NAN,
            (_, true) => INFINITE,
            _ => "a number with a fraction",
        };
        let (what, value) = match leaf {
            Leaf::None => (NONE, String::new()),
            Leaf::Unit => (UNIT, String::new()),
            Leaf::Bool(value) => ("true or false", value.to_string()),
            Leaf::Signed(value, bits) => ("a whole number", format!("i{bits} {value}")),
            Leaf::Unsigned(value, bits) => ("a whole number", format!("u{bits} {value}")),
            Leaf::F32(value) => {
                (float(value.is_nan(), value.is_infinite()), format!("f32 {:x}", value.to_bits()))
            }
            Leaf::F64(value) => {
                (float(value.is_nan(), value.is_infinite()), format!("f64 {:x}", value.to_bits()))
            }
            Leaf::Char(value) => ("a character", value.to_string()),
            Leaf::Text(text) => ("a text", text.to_owned()),
            Leaf::Bytes(bytes) => ("bytes", format!("{bytes:?}")),
            Leaf::Variant(name) => ("a variant", name.to_owned()),
        };
        Self::Leaf(what, value)
    }

    fn display(text: &(impl Display + ?Sized)) -> Self {
        Self::Leaf("a text", text.to_string())
    }

    fn some(inner: Self) -> Self {
        Self::Some(Box::new(inner))
    }

    fn push(parts: &mut Self::Parts, key: Key<Self>, part: Self) {
        let place = match key {
            Key::Item => Place::Item,
            Key::Place(place) => Place::Number(place),
            Key::Name(name) => Place::Name(name),
            Key::Of(key) => Place::Key(Box::new(key)),
        };
        parts.push((place, part));
    }

    fn close(kind: Kind, parts: Self::Parts) -> Self {
        Self::Branch(kind, parts)
    }
}

impl Tree {
    /// The kind of value.
    fn describe(&self) -> String {
        match self {
            Self::Leaf(what, _) => (*what).to_owned(),
            Self::Some(inner) => format!("Some({})", inner.describe()),
            Self::Branch(Kind::Sequence, _) => "a list".to_owned(),
            Self::Branch(Kind::Tuple, _) => "a tuple".to_owned(),
            Self::Branch(Kind::Map, _) => "a map".to_owned(),
            Self::Branch(Kind::Struct, _) => "a struct".to_owned(),
            Self::Branch(Kind::Variant(name), _) => format!("the variant `{name}`"),
        }
    }

    /// Returns true if JSON has `null` for it.
    fn is_null(&self) -> bool {
        match self {
            Self::Leaf(what, _) => [NONE, UNIT, NAN, INFINITE].contains(what),
            Self::Some(inner) => inner.is_null(),
            Self::Branch(..) => false,
        }
    }
}

/// Adds the way to a part, such as `.cents`, `[2]` or `["key"]`.
fn join(path: &str, number: usize, place: &Place, kind: Kind) -> String {
    match (place, kind) {
        // What serde names by its variant has no name in Rust.
        (Place::Name(name), Kind::Variant(variant)) if *name == variant => path.to_owned(),
        (Place::Name(name), _) if path.is_empty() => (*name).to_owned(),
        (Place::Name(name), _) => format!("{path}.{name}"),
        (Place::Item, _) => format!("{path}[{number}]"),
        (Place::Number(number), _) => format!("{path}[{number}]"),
        // A key may be confidential as any value.
        (Place::Key(_), _) => format!("{path}[…]"),
    }
}

/// Where the value that was written differs from the one that was read.
pub(super) fn difference(written: &Tree, read: &Tree) -> Option<ChangedValue> {
    find(String::new(), written, read)
}

fn find(path: String, written: &Tree, read: &Tree) -> Option<ChangedValue> {
    match (written, read) {
        (Tree::Some(a), Tree::Some(b)) if !a.is_null() && !b.is_null() => find(path, a, b),
        (Tree::Branch(kind, a), Tree::Branch(other, b)) if kind == other => {
            let mut rest: Vec<_> = b.iter().collect();
            let mut lost = Vec::new();
            // Those that are the same first, wherever they are.
            for (number, part) in a.iter().enumerate() {
                match rest.iter().position(|other| is_same(part, other)) {
                    Some(found) => drop(rest.swap_remove(found)),
                    None => lost.push((number, part)),
                }
            }
            let (number, (place, part)) = match lost.first() {
                Some(lost) => *lost,
                None => {
                    let (place, more) = rest.first()?;
                    return Some(ChangedValue {
                        path: join(&path, a.len(), place, *kind),
                        written: "not there".to_owned(),
                        read: Some(more.describe()),
                    });
                }
            };
            let path = join(&path, number, place, *kind);
            match rest.iter().find(|(other, _)| other == place) {
                Some((_, other)) => find(path, part, other),
                None => {
                    let (written, read) = (part.describe(), Some("nothing".to_owned()));
                    Some(ChangedValue { path, written, read })
                }
            }
        }
        _ if is_same_tree(written, read) => None,
        _ => {
            let (written, read) = (written.describe(), read.describe());
            let read = if read == written { "another".to_owned() } else { read };
            Some(ChangedValue { path, written, read: Some(read) })
        }
    }
}

fn is_same((place, part): &(Place, Tree), (other, of_other): &(Place, Tree)) -> bool {
    let is_there = match (place, other) {
        (Place::Key(a), Place::Key(b)) => is_same_tree(a, b),
        (a, b) => a == b,
    };
    is_there && is_same_tree(part, of_other)
}

/// Returns true if two values are the same, in whichever order their parts are.
fn is_same_tree(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Some(a), Tree::Some(b)) => is_same_tree(a, b),
        (Tree::Branch(kind, a), Tree::Branch(other, b)) => {
            let mut rest: Vec<_> = b.iter().collect();
            kind == other
                && a.len() == b.len()
                && a.iter().all(|part| {
                    let found = rest.iter().position(|other| is_same(part, other));
                    found.map(|found| rest.swap_remove(found)).is_some()
                })
        }
        (one, other) => one == other,
    }
}

/// Finds the first value that JSON cannot hold.
pub(super) fn unheld(tree: &Tree) -> Option<ChangedValue> {
    search(String::new(), tree)
}

fn search(path: String, tree: &Tree) -> Option<ChangedValue> {
    match tree {
        Tree::Leaf(what, _) if [NAN, INFINITE].contains(what) => {
            Some(ChangedValue { path, written: tree.describe(), read: None })
        }
        Tree::Leaf(..) => None,
        Tree::Some(inner) if inner.is_null() => {
            let read = Some(NONE.to_owned());
            Some(ChangedValue { path, written: tree.describe(), read })
        }
        Tree::Some(inner) => search(path, inner),
        Tree::Branch(kind, parts) => parts
            .iter()
            .enumerate()
            .find_map(|(number, (place, part))| search(join(&path, number, place, *kind), part)),
    }
}
