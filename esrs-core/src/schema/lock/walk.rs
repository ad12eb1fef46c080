//! The walk over the parts of a shape, which writes a line of text for each of which there is something to say.

use esrs_lock::compat::{is_none, is_of_struct};
use esrs_lock::file::INDENT;
use esrs_lock::outline::{MAX_LINES, MAX_PATH, Presence, Spans, Text, push_name};
use esrs_lock::text::ConstText;

use super::outline::head;
use crate::schema::{Content, EnumShape, Field, Item, Shape, Variant};

/// The content of the lines of a walk.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// The type of each part.
    Outline,
    /// The declarations on parts, of those that have any.
    Steps,
    /// The fields that are always written, though they may be absent in what is read.
    AlwaysWritten,
}

/// The longest path with its indentation, in bytes.
const LINE_START: usize = INDENT.len() + MAX_PATH;

/// A walk over the parts of a shape.
pub(super) struct Walk<'w, 's, const N: usize> {
    says: Says,
    text: &'w mut ConstText<N>,
    /// The lines of an outline; without room for any other text.
    spans: &'w mut Spans<'s>,
    /// The path of what comes next, without its last step and behind the indentation of its line.
    path: ConstText<LINE_START>,
    /// The line that what comes next is a part of.
    above: usize,
    lines: usize,
    /// True if the path of a line is too long.
    is_cut: bool,
}

/// The place of a walk, to go up again.
#[derive(Clone, Copy)]
struct Above {
    line: usize,
    path: usize,
}

impl<'w, 's, const N: usize> Walk<'w, 's, N> {
    /// A walk that is at the payload itself, whose own line of an outline is written.
    pub(super) const fn new(
        says: Says,
        text: &'w mut ConstText<N>,
        spans: &'w mut Spans<'s>,
    ) -> Self {
        let path = ConstText::new().say(INDENT);
        Self { says, text, spans, path, above: 0, lines: 1, is_cut: false }
    }

    /// Returns true if all of it fits.
    pub(super) const fn end(self) -> bool {
        let is_cut = self.text.is_cut() || self.path.is_cut() || self.is_cut;
        let fits = !is_cut && (!matches!(self.says, Says::Outline) || self.lines <= MAX_LINES);
        if !fits {
            // A path that was cut would be taken for another.
            self.text.push("…");
        }
        fits
    }

    /// Writes the lines of what the shape is made of.
    pub(super) const fn parts(&mut self, shape: &Shape) {
        match *shape {
            Shape::Option(inner) => self.parts(inner),
            Shape::Sequence(item) | Shape::Set(item) | Shape::Array { item, .. } => {
                self.within("[]", item);
            }
            Shape::Map { key, value } => {
                self.within("<>", key);
                self.within("{}", value);
            }
            Shape::Tuple(items) => self.items(items),
            Shape::Struct(shape) => self.fields(shape.fields),
            Shape::Enum(shape) => self.variants(shape),
            _ => {}
        }
    }

    const fn within(&mut self, step: &str, shape: &Shape) {
        let length = self.path.len();
        self.path.push(step);
        self.parts(shape);
        self.path.truncate(length);
    }

    const fn fields(&mut self, fields: &[Field]) {
        let mut i = 0;
        while i < fields.len() {
            let field = &fields[i];
            i += 1;
            if matches!(self.says, Says::Outline) {
                self.begin_line(b'.', field.name, field.aliases, false);
                if !field.declared.part().is_empty() && self.lines == self.spans.count() {
                    let declared = Text::of(field.declared.part().as_bytes());
                    self.spans.mark_absent(is_none(declared), is_of_struct(declared));
                }
                self.value(field.presence(), field.shape);
                if is_leaf(field.shape) {
                    continue;
                }
            }
            let above = self.go_down(b'.', field.name);
            match self.says {
                Says::Outline => {}
                Says::Steps => self.declared(&[field.declared.part(), field.declared.whole()]),
                Says::AlwaysWritten => {
                    if field.declared.is_always_written() {
                        self.path_alone();
                    }
                }
            }
            self.parts(field.shape);
            self.go_up(above);
        }
    }

    const fn items(&mut self, items: &[Item]) {
        let mut i = 0;
        while i < items.len() {
            let Item { shape, declared, .. } = items[i];
            let mut number = ConstText::<20>::new();
            number.push_number(i as u64);
            if matches!(self.says, Says::Outline) {
                self.begin_line(b'.', number.as_str(), &[], false);
                self.value(Presence::ByShape, shape);
            }
            let above = self.go_down(b'.', number.as_str());
            match self.says {
                Says::Outline => {}
                Says::Steps => self.declared(&[declared.part(), declared.whole()]),
                Says::AlwaysWritten => {}
            }
            self.parts(shape);
            self.go_up(above);
            i += 1;
        }
    }

    const fn variants(&mut self, shape: &EnumShape) {
        let mut i = 0;
        while i < shape.variants.len() {
            let variant = &shape.variants[i];
            if matches!(self.says, Says::Outline) {
                self.begin_line(b'|', variant.name, variant.aliases, variant.other);
                self.content(variant);
            }
            let above = self.go_down(b'|', variant.name);
            match self.says {
                Says::Outline => {}
                Says::Steps => {
                    let declared = variant.declared.part();
                    match variant.content {
                        Content::Newtype(item) => {
                            let Item { declared: of_item, .. } = item;
                            self.declared(&[declared, of_item.part(), of_item.whole()]);
                        }
                        Content::Unit | Content::Tuple(_) | Content::Struct(_) => {
                            self.declared(&[declared]);
                        }
                    }
                }
                Says::AlwaysWritten => {}
            }
            match variant.content {
                Content::Unit => {}
                Content::Newtype(item) => self.parts(item.shape),
                Content::Tuple(items) => self.items(items),
                Content::Struct(fields) => self.fields(fields),
            }
            self.go_up(above);
            i += 1;
        }
    }

    /// Goes one step down, below the line that was written last; returns how to go up again.
    const fn go_down(&mut self, mark: u8, name: &str) -> Above {
        let above = Above { line: self.above, path: self.path.len() };
        self.path.push_byte(mark);
        push_name(&mut self.path, name);
        self.above = self.lines - 1;
        above
    }

    const fn go_up(&mut self, above: Above) {
        self.above = above.line;
        self.path.truncate(above.path);
    }

    /// Writes what the line of an outline begins with, one step below the path.
    const fn begin_line(&mut self, mark: u8, name: &str, aliases: &[&str], takes_others: bool) {
        let start = self.text.len() + INDENT.len();
        self.text.push_text(&self.path);
        let step = self.text.len();
        self.text.push_byte(mark);
        let hash = push_name(self.text, name);
        let path = self.text.len();
        self.is_cut |= path - start > MAX_PATH;
        let mut i = 0;
        while i < aliases.len() {
            self.text.push_byte(b'/');
            push_name(self.text, aliases[i]);
            i += 1;
        }
        if takes_others {
            self.text.push("/*");
        }
        self.spans.begin(self.above, start, (step + 1, hash), path, self.text.len());
        self.lines += 1;
    }

    /// Writes the value of a line of an outline.
    const fn value(&mut self, presence: Presence, shape: &Shape) {
        self.text.push(match presence {
            Presence::Optional => "?: ",
            Presence::Required => "!: ",
            Presence::ByShape => ": ",
        });
        let start = self.text.len();
        head(self.text, shape);
        self.end_line(presence, start);
    }

    /// Writes the content of a variant in the line of an outline.
    const fn content(&mut self, variant: &Variant) {
        let word = match variant.content {
            Content::Newtype(item) => return self.value(Presence::ByShape, item.shape),
            Content::Unit => "",
            Content::Tuple(_) => "places",
            Content::Struct(_) => "fields",
        };
        if !word.is_empty() {
            self.text.push(": ");
        }
        let head = self.text.len();
        self.text.push(word);
        self.end_line(Presence::ByShape, head);
    }

    /// Ends a line of an outline whose head begins at `head`.
    const fn end_line(&mut self, presence: Presence, head: usize) {
        if self.lines == self.spans.count() {
            self.spans.end(presence, head, self.text.len());
        }
        self.text.push_byte(b'\n');
    }

    /// Writes what is declared of the part at the path, if anything is.
    pub(super) const fn declared(&mut self, declared: &[&str]) {
        let (mut i, mut count) = (0, 0);
        while i < declared.len() {
            if !declared[i].is_empty() {
                if count == 0 {
                    self.text.push_text(&self.path);
                }
                self.text.push(match count {
                    0 if self.path.len() == INDENT.len() => "",
                    0 => ": ",
                    _ => ", ",
                });
                self.text.push(declared[i]);
                count += 1;
            }
            i += 1;
        }
        if count > 0 {
            self.text.push_byte(b'\n');
        }
    }

    /// Writes the path by itself.
    const fn path_alone(&mut self) {
        self.text.push_text(&self.path);
        self.text.push_byte(b'\n');
    }
}

/// Returns true for a shape without parts.
const fn is_leaf(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Unit
            | Shape::Bool
            | Shape::Integer { .. }
            | Shape::NonZero { .. }
            | Shape::Float { .. }
            | Shape::Char
            | Shape::String
            | Shape::Format(_)
            | Shape::Opaque(_)
            | Shape::Any
    )
}
