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
use super::absent::{is_none, is_of_struct};
use super::line::{MAX_LINES, Spans, Text};

/// How long an outline may be: some thousands of fields.
const MAX_OUTLINE: usize = 256 * 1024;

/// How long the path of one field may be.
const MAX_PATH: usize = 1024;

/// The outline of a shape, in const evaluation.
pub(crate) type Outline = ConstText<MAX_OUTLINE>;

/// What stands before each line: entries of a lock are indented.
pub(crate) const INDENT: &str = "    ";

/// Writes the outline of a shape behind what is there, and which lines it has; returns false if it does not
/// fit.
pub(crate) const fn write_outline(
    text: &mut Outline,
    spans: &mut Spans<'_>,
    shape: &Shape,
) -> bool {
    text.push(INDENT);
    let start = text.len();
    head(text, shape);
    spans.begin_first(start, text.len());
    text.push_byte(b'\n');
    let mut writer = Writer { text, spans, path: ConstText::new(), above: 0, lines: 1 };
    writer.parts(shape);
    let fits = !writer.text.is_cut() && !writer.path.is_cut() && writer.lines <= MAX_LINES;
    if !fits {
        // A path that was cut would be taken for another.
        text.push("…");
    }
    fits
}

struct Writer<'a, 's> {
    text: &'a mut Outline,
    spans: &'a mut Spans<'s>,
    path: ConstText<MAX_PATH>,
    /// The line that what comes next is a part of.
    above: usize,
    lines: usize,
}

/// Where a line stands, to go up again.
#[derive(Clone, Copy)]
struct Above {
    line: usize,
    path: usize,
}

impl Writer<'_, '_> {
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
            let above = self.begin_line(".", field.name, field.aliases, false);
            if !field.declared.part().is_empty() && self.lines == self.spans.len() {
                let declared = Text::of(field.declared.part().as_bytes());
                self.spans.mark_absent(is_none(declared), is_of_struct(declared));
            }
            self.value(field.presence(), field.shape, above);
            i += 1;
        }
    }

    const fn items(&mut self, items: &[Item]) {
        let mut i = 0;
        while i < items.len() {
            let mut number = ConstText::<20>::new();
            number.push_number(i as u64);
            let above = self.begin_line(".", number.as_str(), &[], false);
            self.value(Presence::ByShape, items[i].shape, above);
            i += 1;
        }
    }

    const fn variants(&mut self, shape: &EnumShape) {
        let mut i = 0;
        while i < shape.variants.len() {
            let Variant { name, aliases, other, content, .. } = &shape.variants[i];
            let above = self.begin_line("|", name, aliases, *other);
            match *content {
                Content::Unit => {
                    let head = self.text.len();
                    self.end_line(Presence::ByShape, head);
                    self.go_up(above);
                }
                Content::Newtype(item) => self.value(Presence::ByShape, item.shape, above),
                Content::Tuple(items) => {
                    self.text.push(": ");
                    let head = self.text.len();
                    self.text.push("places");
                    self.end_line(Presence::ByShape, head);
                    self.items(items);
                    self.go_up(above);
                }
                Content::Struct(fields) => {
                    self.text.push(": ");
                    let head = self.text.len();
                    self.text.push("fields");
                    self.end_line(Presence::ByShape, head);
                    self.fields(fields);
                    self.go_up(above);
                }
            }
            i += 1;
        }
    }

    /// Writes what a line begins with, and goes one step down; returns how to go up again.
    const fn begin_line(
        &mut self,
        mark: &str,
        name: &str,
        aliases: &[&str],
        takes_others: bool,
    ) -> Above {
        let above = Above { line: self.above, path: self.path.len() };
        self.path.push(mark);
        push_name(&mut self.path, name);
        self.text.push(INDENT);
        let start = self.text.len();
        self.text.push_text(&self.path);
        let path = self.text.len();
        let mut i = 0;
        while i < aliases.len() {
            self.text.push_byte(b'/');
            push_name(self.text, aliases[i]);
            i += 1;
        }
        if takes_others {
            self.text.push("/*");
        }
        let behind_mark = start + above.path + mark.len();
        self.spans.begin(above.line, start, behind_mark, path, self.text.len());
        self.above = self.lines;
        self.lines += 1;
        above
    }

    /// Writes the value of a line, what is below it, and goes up again.
    const fn value(&mut self, presence: Presence, shape: &Shape, above: Above) {
        self.text.push(match presence {
            Presence::Optional => "?: ",
            Presence::Required => "!: ",
            Presence::ByShape => ": ",
        });
        let start = self.text.len();
        head(self.text, shape);
        self.end_line(presence, start);
        self.parts(shape);
        self.go_up(above);
    }

    /// Ends a line whose head begins at `head`.
    const fn end_line(&mut self, presence: Presence, head: usize) {
        if self.lines == self.spans.len() {
            self.spans.end(presence, head, self.text.len());
        }
        self.text.push_byte(b'\n');
    }

    const fn go_up(&mut self, above: Above) {
        self.above = above.line;
        self.path.truncate(above.path);
    }
}

/// Writes what a value is, without what it is made of.
pub(super) const fn head<const N: usize>(text: &mut ConstText<N>, shape: &Shape) {
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
    let (mut rest, is_empty) = (name, name.is_empty());
    while let [byte, behind @ ..] = rest {
        if !matches!(*byte, b'a'..=b'z' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'-' | 0x80..) {
            return false;
        }
        rest = behind;
    }
    !is_empty
}

#[cfg(test)]
mod tests {
    use super::super::line::{Lines, Room, Span};
    use super::*;
    use crate::Schema;
    use crate::schema::{StructShape, Tagging};

    const PART: Field = Field::of::<u8>("part");
    const INNER: Shape = Shape::Struct(&StructShape { fields: &[PART], closed: true });
    const CHOICE: Shape = Shape::Enum(&EnumShape {
        tagging: Tagging::External,
        variants: &[
            Variant::new("Unit", Content::Unit).aliases(&["old", "a/b"]).other(),
            Variant::new("two words", Content::Struct(&[PART.optional()])),
            Variant::new("Tuple", Content::Tuple(&[Item::of::<u8>(), Item::of::<Vec<u8>>()])),
            Variant::new("New", Content::Newtype(Item::of::<Option<String>>())),
        ],
        closed: false,
    });
    const ITEMS: Shape = Shape::Sequence(&INNER);
    const MAP: Shape = Shape::Map { key: &Shape::String, value: &ITEMS };
    const SHAPE: Shape = Shape::Struct(&StructShape {
        fields: &[
            Field { shape: &MAP, ..PART },
            Field { shape: &CHOICE, ..Field::of::<u8>("a \"choice\"").aliases(&["b"]) },
            Field { shape: <(u8, (u8, bool))>::SHAPE, ..Field::of::<u8>("places") },
            Field::of::<String>("last").optional(),
        ],
        closed: false,
    });

    #[test]
    fn lines_are_written_where_they_are_parsed() {
        for shape in [&SHAPE, &ITEMS, &CHOICE, u8::SHAPE] {
            let (mut text, mut spans) = (Outline::new(), vec![Span::EMPTY; 100]);
            let mut writing = Spans::new(&mut spans);
            assert!(write_outline(&mut text, &mut writing, shape));
            let (count, spans) = (writing.len(), &mut spans);
            let written = Lines::written(text.as_bytes(), count, Room { spans, slots: &mut [] });
            assert!(written.is_as(&Lines::new(text.as_bytes())), "{}", text.as_str());
        }
    }

    #[test]
    fn a_shape_with_too_many_parts_does_not_fit() {
        static FIELDS: [Field; MAX_LINES] = [PART; MAX_LINES];
        static ALL: StructShape = StructShape { fields: &FIELDS, closed: false };
        static FITTING: StructShape =
            StructShape { fields: FIELDS.split_at(MAX_LINES - 1).0, closed: false };
        let write =
            |shape: &Shape| write_outline(&mut Outline::new(), &mut Spans::new(&mut []), shape);
        assert!(write(&Shape::Struct(&FITTING)));
        assert!(!write(&Shape::Struct(&ALL)));
    }
}
