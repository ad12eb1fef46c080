//! The outline of a locked shape, read into a tree.
//!
//! A `Shape` of the core is what the compiler knows of a type that is there. A [`Tree`] is what a
//! lock tells of a shape that may be long gone from the source, for programs that do something with
//! it: they make payloads of it, or write it in another language of schemas.

mod head;
mod parse;
#[cfg(test)]
mod tests;
mod write;

/// A locked shape; what a `Shape` of the core is, with text and parts of its own.
///
/// ```
/// use esrs_lock::tree::{Field, Tree};
///
/// let outline = ["struct", ".cents: i64", ".note?: string?"];
/// let tree = Tree::parse(&outline)?;
/// let Tree::Struct { fields, closed: false } = &tree else { panic!("{tree:?}") };
/// let note = Tree::Option(Box::new(Tree::String));
/// assert_eq!(fields[1], Field { name: "note".into(), aliases: vec![], optional: true, required: false, tree: note });
/// assert_eq!(tree.outline(), outline);
/// # Ok::<_, esrs_lock::tree::OutlineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A whole number of so many bits.
    Integer {
        /// True if it may be below zero.
        signed: bool,
        /// Its width in bits.
        bits: u16,
    },
    /// A whole number of so many bits that is never zero.
    NonZero {
        /// True if it may be below zero.
        signed: bool,
        /// Its width in bits.
        bits: u16,
    },
    /// A number with a fraction, of so many bits.
    Float {
        /// Its width in bits.
        bits: u16,
    },
    /// A string of one character.
    Char,
    /// Any string.
    String,
    /// A string that follows a format, such as `uuid` or `timestamp`.
    Format(String),
    /// The value, or `null`.
    Option(Box<Tree>),
    /// An array of any length.
    Sequence(Box<Tree>),
    /// An array of any length in which no item is twice.
    Set(Box<Tree>),
    /// An array of a fixed length, all of one shape.
    Array {
        /// The shape of each item.
        item: Box<Tree>,
        /// The number of items.
        length: usize,
    },
    /// An array whose places have shapes of their own.
    Tuple(Vec<Tree>),
    /// An object with any keys.
    Map {
        /// The shape of the keys (strings on the wire).
        key: Box<Tree>,
        /// The shape of the values.
        value: Box<Tree>,
    },
    /// An object with known fields.
    Struct {
        /// Its fields.
        fields: Vec<Field>,
        /// True if an unknown field is refused on reading.
        closed: bool,
    },
    /// One of several variants.
    Enum {
        /// The layout of the variant's name and its content.
        tag: Tag,
        /// Its variants.
        variants: Vec<Variant>,
        /// True if an unknown field of a variant is refused on reading.
        closed: bool,
    },
    /// A shape that only its owner knows, by the name and number the owner gave it.
    Opaque(String),
    /// Any JSON at all.
    Any,
}

/// One field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire; `*` for all the fields that `#[serde(flatten)]` spreads into the object.
    pub name: String,
    /// Other names it is read by.
    pub aliases: Vec<String>,
    /// True if it may be absent.
    pub optional: bool,
    /// True if it has to be there although it may be null.
    pub required: bool,
    /// Its content.
    pub tree: Tree,
}

/// One variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name on the wire.
    pub name: String,
    /// Other names it is read by.
    pub aliases: Vec<String>,
    /// True if it takes every name that no other variant has.
    pub other: bool,
    /// Its content.
    pub content: Content,
}

/// The content of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Unit,
    /// One value, without an array around it.
    Newtype(Tree),
    /// An array of values.
    Tuple(Vec<Tree>),
    /// An object.
    Struct(Vec<Field>),
}

/// The representation of an enum's variants on the wire, after
/// <https://serde.rs/enum-representations.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag {
    /// `{"Variant": content}`, or `"Variant"`.
    External,
    /// `{"tag": "Variant", ...content}`
    Internal {
        /// The name of the tag.
        tag: String,
    },
    /// `{"tag": "Variant", "content": content}`
    Adjacent {
        /// The name of the tag.
        tag: String,
        /// The name of the content.
        content: String,
    },
}

/// Why an outline could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutlineError {
    /// There is nothing in it.
    Empty,
    /// A line is not one of an outline.
    Line {
        /// The line.
        line: String,
    },
    /// A line is part of something that no other line says anything of.
    Stray {
        /// The line.
        line: String,
    },
}

impl std::fmt::Display for OutlineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "the outline is empty; its first line says what the whole is, such as `struct`",
            ),
            Self::Line { line } => write!(
                f,
                "{line:?} is no line of an outline, as `cargo esrs lock` writes it; was it edited, or written \
                 by a newer esrs?"
            ),
            Self::Stray { line } => {
                write!(f, "{line:?} is part of something that the outline does not have")
            }
        }
    }
}

impl std::error::Error for OutlineError {}
