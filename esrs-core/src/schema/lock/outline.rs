//! The outline of a shape, and the words for a value in it; `esrs_lock::outline` says how it is written.

use esrs_lock::file::INDENT;
use esrs_lock::outline::{MAX_OUTLINE, Spans, push_name};
use esrs_lock::text::ConstText;

use super::walk::{Says, Walk};
use crate::schema::{Shape, Tagging};

/// The outline of a shape, in const evaluation.
pub(super) type Outline = ConstText<MAX_OUTLINE>;

/// Writes the outline of a shape behind what is there, and which lines it has; returns false if it does not
/// fit.
pub(super) const fn write_outline(
    text: &mut Outline,
    spans: &mut Spans<'_>,
    shape: &Shape,
) -> bool {
    text.push(INDENT);
    let start = text.len();
    head(text, shape);
    spans.begin_first(start, text.len());
    text.push_byte(b'\n');
    let mut walk = Walk::new(Says::Outline, text, spans);
    walk.parts(shape);
    walk.end()
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
            // Whole words for the common ones: const evaluation is slow at each call.
            match (signed, bits) {
                (false, 8) => text.push("u8"),
                (false, 32) => text.push("u32"),
                (false, 64) => text.push("u64"),
                (true, 32) => text.push("i32"),
                (true, 64) => text.push("i64"),
                _ => {
                    text.push(if signed { "i" } else { "u" });
                    text.push_number(bits as u64);
                }
            }
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

#[cfg(test)]
mod tests {
    use esrs_lock::outline::{Lines, MAX_LINES, MAX_PATH, Room, Span};

    use super::*;
    use crate::schema::Content;
    use crate::schema::EnumShape;
    use crate::schema::Field;
    use crate::schema::Item;
    use crate::schema::Schema;
    use crate::schema::StructShape;
    use crate::schema::Variant;

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
            let (count, spans) = (writing.count(), &mut spans);
            let written = Lines::written(text.as_bytes(), count, Room { spans, slots: &mut [] });
            let room = Room { spans: &mut vec![Span::EMPTY; 100], slots: &mut [] };
            assert!(written.is_as(&Lines::parsed(text.as_bytes(), room)), "{}", text.as_str());
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

    #[test]
    fn path_longer_than_a_line_holds_does_not_fit() {
        for (length, fits) in [(MAX_PATH - 1, true), (MAX_PATH, false)] {
            let name: &'static str = "n".repeat(length).leak();
            let fields: &'static [Field] = vec![Field { name, ..PART }].leak();
            let shape = Shape::Struct(Box::leak(Box::new(StructShape { fields, closed: false })));
            let mut text = Outline::new();
            assert_eq!(write_outline(&mut text, &mut Spans::new(&mut []), &shape), fits);
        }
    }
}
