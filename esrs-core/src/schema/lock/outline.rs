//! A shape as lines of text: one a field, each with its whole path.
//!
//! ```text
//! struct
//! .amount: struct
//! .amount.cents: i64
//! .amount.currency/curr: enum
//! .amount.currency|EUR
//! .note?: string?
//! ```
//!
//! A path goes by `.field` and `.0`, by `|Variant`, by `[]` into the items of a list, by `{}` and `<>`
//! into the values and the keys of a map. `/name` is an alias, `/*` takes every other name, `?` behind a
//! name may be absent, `!` behind a name has to be there although it may be null, `?` behind a type may
//! be null.

use crate::text::ConstText;

use super::super::{Content, EnumShape, Field, Item, Presence, Shape, Tagging, Variant};
use super::line::MAX_LINES;

/// How long an outline may be: some thousands of fields.
const MAX_OUTLINE: usize = 384 * 1024;

/// How long the path of one field may be.
const MAX_PATH: usize = 1024;

/// The outline of a shape, in const evaluation.
pub(crate) type Outline = ConstText<MAX_OUTLINE>;

/// What stands before each line: entries of a lock are indented.
pub(crate) const INDENT: &str = "    ";

/// The outline of a shape.
pub(crate) const fn outline(shape: &Shape) -> Outline {
    let mut text = Outline::new();
    write_outline(&mut text, shape);
    text
}

/// Writes the outline of a shape behind what is there; returns false if it does not fit.
pub(crate) const fn write_outline(text: &mut Outline, shape: &Shape) -> bool {
    text.push(INDENT);
    head(text, shape);
    text.push_byte(b'\n');
    let mut writer = Writer { text, path: ConstText::new(), lines: 1 };
    writer.parts(shape);
    let fits = !writer.text.is_cut() && !writer.path.is_cut() && writer.lines <= MAX_LINES;
    if !fits {
        // A path that was cut would be taken for another.
        text.push("…");
    }
    fits
}

struct Writer<'a> {
    text: &'a mut Outline,
    path: ConstText<MAX_PATH>,
    lines: usize,
}

impl Writer<'_> {
    /// Writes a line each for what the shape is made of.
    const fn parts(&mut self, shape: &Shape) {
        match *shape {
            Shape::Option(inner) => self.parts(inner),
            Shape::Sequence(item) | Shape::Set(item) | Shape::Array { item, .. } => {
                self.parts_within("[]", item);
            }
            Shape::Map { key, value } => {
                self.parts_within("<>", key);
                self.parts_within("{}", value);
            }
            Shape::Tuple(items) => self.items(items),
            Shape::Struct(shape) => self.fields(shape.fields),
            Shape::Enum(shape) => self.variants(shape),
            _ => {}
        }
    }

    const fn parts_within(&mut self, step: &str, shape: &Shape) {
        let length = self.path.len();
        self.path.push(step);
        self.parts(shape);
        self.path.truncate(length);
    }

    const fn fields(&mut self, fields: &[Field]) {
        let mut i = 0;
        while i < fields.len() {
            let field = &fields[i];
            let length = self.begin_line(".", field.name, field.aliases);
            self.text.push(match field.presence() {
                Presence::Optional => "?: ",
                Presence::Required => "!: ",
                Presence::ByShape => ": ",
            });
            head(self.text, field.shape);
            self.end_line(field.shape, length);
            i += 1;
        }
    }

    const fn items(&mut self, items: &[Item]) {
        let mut i = 0;
        while i < items.len() {
            let mut number = ConstText::<20>::new();
            number.push_number(i as u64);
            let length = self.begin_line(".", number.as_str(), &[]);
            self.text.push(": ");
            head(self.text, items[i].shape);
            self.end_line(items[i].shape, length);
            i += 1;
        }
    }

    const fn variants(&mut self, shape: &EnumShape) {
        let mut i = 0;
        while i < shape.variants.len() {
            let Variant { name, aliases, other, content, .. } = &shape.variants[i];
            let length = self.begin_line("|", name, aliases);
            if *other {
                self.text.push("/*");
            }
            match *content {
                Content::Unit => self.end_line(&Shape::Unit, length),
                Content::Newtype(item) => {
                    self.text.push(": ");
                    head(self.text, item.shape);
                    self.end_line(item.shape, length);
                }
                Content::Tuple(items) => {
                    self.text.push(": places\n");
                    self.items(items);
                    self.path.truncate(length);
                }
                Content::Struct(fields) => {
                    self.text.push(": fields\n");
                    self.fields(fields);
                    self.path.truncate(length);
                }
            }
            i += 1;
        }
    }

    /// Writes what a line begins with, and goes one step down; returns how to go up again.
    const fn begin_line(&mut self, mark: &str, name: &str, aliases: &[&str]) -> usize {
        let length = self.path.len();
        self.lines += 1;
        self.path.push(mark);
        push_name(&mut self.path, name);
        self.text.push(INDENT);
        self.text.push_bytes(self.path.as_bytes());
        let mut i = 0;
        while i < aliases.len() {
            self.text.push_byte(b'/');
            push_name(self.text, aliases[i]);
            i += 1;
        }
        length
    }

    /// Ends a line, writes what is below it, and goes up again.
    const fn end_line(&mut self, shape: &Shape, length: usize) {
        self.text.push_byte(b'\n');
        self.parts(shape);
        self.path.truncate(length);
    }
}

/// Writes what a value is, without what it is made of.
const fn head(text: &mut Outline, shape: &Shape) {
    match *shape {
        Shape::Unit => text.push("null"),
        Shape::Bool => text.push("bool"),
        Shape::Integer { signed, bits } | Shape::NonZero { signed, bits } => {
            if matches!(shape, Shape::NonZero { .. }) {
                text.push("nonzero ");
            }
            text.push(if signed { "i" } else { "u" });
            text.push_number(bits as u64);
        }
        Shape::Float { bits } => {
            text.push("f");
            text.push_number(bits as u64);
        }
        Shape::Char => text.push("char"),
        Shape::String => text.push("string"),
        Shape::Format(name) => text.push(name),
        Shape::Option(inner) => {
            head(text, inner);
            text.push("?");
        }
        Shape::Sequence(item) => {
            text.push("[");
            head(text, item);
            text.push("]");
        }
        Shape::Set(item) => {
            text.push("set<");
            head(text, item);
            text.push(">");
        }
        Shape::Array { item, length } => {
            text.push("[");
            head(text, item);
            text.push("; ");
            text.push_number(length as u64);
            text.push("]");
        }
        Shape::Tuple(_) => text.push("tuple"),
        Shape::Map { key, value } => {
            text.push("map<");
            head(text, key);
            text.push(", ");
            head(text, value);
            text.push(">");
        }
        Shape::Struct(shape) => text.push(if shape.closed { "closed struct" } else { "struct" }),
        Shape::Enum(shape) => {
            text.push(if shape.closed { "closed enum" } else { "enum" });
            match shape.tagging {
                Tagging::External => {}
                Tagging::Internal { tag } => {
                    text.push("(tag ");
                    push_name(text, tag);
                    text.push(")");
                }
                Tagging::Adjacent { tag, content } => {
                    text.push("(tag ");
                    push_name(text, tag);
                    text.push(", content ");
                    push_name(text, content);
                    text.push(")");
                }
            }
        }
        Shape::Opaque(name) => {
            text.push("opaque ");
            text.push(name);
        }
        Shape::Any => text.push("any"),
    }
}

/// Writes a name, in quotes when it has more in it than letters, digits, `_` and `-`.
pub(super) const fn push_name<const N: usize>(text: &mut ConstText<N>, name: &str) {
    if is_plain(name.as_bytes()) {
        text.push(name);
        return;
    }
    text.push_byte(b'"');
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' | b'\\' => {
                text.push_byte(b'\\');
                text.push_byte(bytes[i]);
            }
            byte @ 0..32 => {
                text.push("\\u00");
                text.push_byte(b"0123456789abcdef"[(byte >> 4) as usize]);
                text.push_byte(b"0123456789abcdef"[(byte & 15) as usize]);
            }
            byte => text.push_byte(byte),
        }
        i += 1;
    }
    text.push_byte(b'"');
}

const fn is_plain(name: &[u8]) -> bool {
    let mut i = 0;
    while i < name.len() {
        let byte = name[i];
        if !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80) {
            return false;
        }
        i += 1;
    }
    !name.is_empty()
}
