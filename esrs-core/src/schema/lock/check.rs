//! What the derives ask of a lock in const evaluation.

use super::compare::{Change, compare};
use super::line::{Lines, MAX_LINES, Path, begins_with, contains, equal, slice, split};
use super::outline::{Outline, outline};
use super::rule::Rule;
use crate::schema::derived::is_unknown;
use crate::schema::place::Place;
use crate::schema::{Content, Field, Item, Shape};
use crate::text::{ConstText, whole_letters};
use crate::{EventType, ShapeVersion};

/// Says that an event has the shape that is locked.
pub const UNCHANGED: usize = usize::MAX;

/// Which of an event's own fields leads to what differs from the lock; [`UNCHANGED`] when nothing does,
/// and the number of its fields when none of them leads there.
pub const fn changed_field(event: &EventType, locked: u64, lock: &str) -> usize {
    // One mistake is reported once, not by its lock too.
    if event.fingerprint.to_u64() == locked || is_unknown(event.shape) {
        return UNCHANGED;
    }
    let now = outline(event.shape);
    let fields = fields_of(event.shape);
    let Some(change) = compare(entry(lock.as_bytes(), event.version), now.as_bytes()) else {
        return fields.len();
    };
    let name = first_name(path_of(&change));
    let mut i = 0;
    while i < fields.len() && !is_named(name, fields[i].name) {
        i += 1;
    }
    i
}

/// Fails to compile, at the place of the call, with what [`changed_field`] found; `ident` is what the
/// user calls the event.
#[track_caller]
pub const fn shape_changed(event: &EventType, ident: &str, lock: &str) {
    let now = outline(event.shape);
    let message = match compare(entry(lock.as_bytes(), event.version), now.as_bytes()) {
        Some(change) => describe(event, ident, &change),
        None => damaged(event, ident),
    };
    panic!("{}", message.as_str())
}

/// Fails to compile, at the place of the call, when what an event's fields declare makes another shape
/// of an older version than the one that is locked; `ident` is what the user calls the event.
#[track_caller]
pub const fn past_changed(
    event: &EventType,
    history: &ShapeVersion,
    version: u32,
    locked: u64,
    ident: &str,
    lock: &str,
) {
    let past = past(event, history, version);
    if past.fingerprint.to_u64() == locked || is_unknown(event.shape) || is_unknown(past.shape) {
        return;
    }
    let now = outline(past.shape);
    let message = match compare(entry(lock.as_bytes(), version), now.as_bytes()) {
        Some(change) => {
            let mut text = begin(&past, ident);
            text.push(", and what its fields declare makes another shape of it: ");
            differs(&mut text, past.shape, &change);
            text.push("\neither: put it back as it was\nor:     ");
            text.push(match change.rule.is_compatible() {
                true => KEPT,
                false => "let the fields declare what they went through since that version",
            });
            text
        }
        None => damaged(&past, ident),
    };
    panic!("{}", message.as_str())
}

/// The event as it was at an older version.
const fn past(event: &EventType, history: &ShapeVersion, version: u32) -> EventType {
    let mut found = history;
    while found.version() != version {
        match found.previous() {
            Some(previous) => found = previous,
            None => panic!("the event has no such version"),
        }
    }
    EventType { version, shape: found.shape(), fingerprint: found.fingerprint(), ..*event }
}

/// Fails to compile, in the lock mode of `cargo esrs`, with what is to be locked of an older version of
/// an event.
pub const fn tell_past(event: &EventType, history: &ShapeVersion, version: u32) {
    tell_event(&past(event, history, version));
}

/// Fails to compile, in the lock mode of `cargo esrs`, with what is to be locked of an event.
pub const fn tell_event(event: &EventType) {
    let mut text = Outline::new().say("esrs-lock:event\n").say(event.name);
    text.push_byte(b'\n');
    text.push_number(event.version as u64);
    text.push_byte(b'\n');
    text.push_hex(event.fingerprint.to_u64());
    text.push_byte(b'\n');
    let outline = outline(event.shape);
    text.push_bytes(outline.as_bytes());
    let lines = Lines::new(outline.as_bytes());
    if text.is_cut() || outline.is_cut() || lines.as_slice().len() == MAX_LINES {
        panic!("esrs-lock:too-long")
    }
    if is_unknown(event.shape) {
        return;
    }
    panic!("{}", text.as_str())
}

/// The way out of a change that breaks nothing.
const KEPT: &str = "keep it, because every old payload can still be read: run `cargo esrs lock`, which \
                    writes it down beside what is locked";

type Message = ConstText<4096>;

const fn describe(event: &EventType, ident: &str, change: &Change<'_>) -> Message {
    let mut text = begin(event, ident);
    text.push(", and its shape is another now: ");
    differs(&mut text, event.shape, change);
    ways_out(&mut text, event, ident, change);
    text
}

/// Which part differs, in what, and by which rule.
const fn differs(text: &mut Message, shape: &'static Shape, change: &Change<'_>) {
    push_quoted_path(text, path_of(change));
    text.push("\n    was stored as: ");
    match &change.locked {
        Some(line) => push_line(text, line.head, line.optional, line.aliases),
        None => text.push("nothing"),
    }
    text.push("\n    is here:       ");
    match &change.now {
        Some(line) => push_line(text, line.head, line.optional, line.aliases),
        None => text.push("nothing"),
    }
    if let Some(place) = place(shape, path_of(change)) {
        text.push(" (");
        text.push(place.file());
        text.push(":");
        text.push_number(place.line() as u64);
        text.push(")");
    }
    text.push("\n    ");
    text.push(change.rule.sentence());
}

const fn begin(event: &EventType, ident: &str) -> Message {
    let mut text = Message::new().say("version ");
    text.push_number(event.version as u64);
    text.say(" of ").quote(ident).say(" is locked")
}

const fn ways_out(text: &mut Message, event: &EventType, ident: &str, change: &Change<'_>) {
    let next = event.version as u64 + 1;
    text.push("\neither: put it back as it was\nor:     ");
    if change.rule.is_compatible() {
        text.push(KEPT);
        return;
    }
    text.push("raise the version, `#[event(\"");
    text.push(event.name);
    text.push("\", version = ");
    text.push_number(next);
    text.push(")]`, and say what old payloads mean now: ");
    let path = path_of(change);
    let is_own = split(path).parent.is_empty() && equal(split(path).step, b".");
    if !is_own {
        text.push(
            "in the type that holds it, by `#[schema(version = …, …)]`, and in which version this ",
        );
        text.push("event took it, by `#[event(updated(in = ");
        text.push_number(next);
        text.push(", from = …))]`; or keep the old shape as a struct, and name it by `from = ");
        push_old_struct(text, event, ident);
        text.push("`");
        return;
    }
    match change.rule {
        Rule::FieldAdded => {
            text.push("`#[event(added(in = ");
            text.push_number(next);
            text.push(", default = …))]` on the field");
        }
        Rule::FieldRemoved => {
            text.push("`#[event(removed(in = ");
            text.push_number(next);
            text.push(", name = \"");
            text.push(whole_letters(split(path).name));
            text.push("\", ty = …))]` on the struct, or `renamed(from = \"");
            text.push(whole_letters(split(path).name));
            text.push("\", in = ");
            text.push_number(next);
            text.push(")` on the field that has its value now");
        }
        Rule::TypeChanged | Rule::NarrowerNumber | Rule::NoLongerNull => {
            text.push("`#[event(retyped(from = …, in = ");
            text.push_number(next);
            text.push(", with = …))]` on the field");
        }
        _ => {
            text.push("keep the old shape as a struct, and name it by `from = ");
            push_old_struct(text, event, ident);
            text.push("`");
        }
    }
}

const fn push_old_struct(text: &mut Message, event: &EventType, ident: &str) {
    text.push(ident);
    text.push("V");
    text.push_number(event.version as u64);
}

/// The text says the same, and the fingerprint does not.
const fn damaged(event: &EventType, ident: &str) -> Message {
    begin(event, ident).say(
        " with a fingerprint that is not that of its shape: the lock was damaged, or written by \
         another esrs; restore it from version control",
    )
}

const fn push_line(text: &mut Message, head: &[u8], optional: bool, aliases: &[u8]) {
    text.push(if head.is_empty() { "a name alone" } else { whole_letters(head) });
    if optional {
        text.push(", may be absent");
    }
    if !aliases.is_empty() {
        text.push(", also read as ");
        text.push(whole_letters(slice(aliases, 1, aliases.len())));
    }
}

const fn push_quoted_path(text: &mut Message, path: &[u8]) {
    text.push("`");
    if path.is_empty() {
        text.push("(the payload)");
    } else if begins_with(path, b".") {
        text.push(whole_letters(slice(path, 1, path.len())));
    } else {
        text.push(whole_letters(path));
    }
    text.push("`");
}

const fn path_of<'a>(change: &Change<'a>) -> &'a [u8] {
    match (&change.now, &change.locked) {
        (Some(line), _) | (None, Some(line)) => line.path,
        (None, None) => &[],
    }
}

/// The name of the payload's own part that a path begins with.
const fn first_name(path: &[u8]) -> &[u8] {
    let mut last = split(path);
    while !last.parent.is_empty() {
        last = split(last.parent);
    }
    last.name
}

const fn is_named(written: &[u8], name: &str) -> bool {
    let mut quoted = ConstText::<1024>::new();
    super::outline::push_name(&mut quoted, name);
    equal(written, quoted.as_bytes())
}

const fn fields_of(shape: &'static Shape) -> &'static [Field] {
    match *shape {
        Shape::Struct(shape) => shape.fields,
        _ => &[],
    }
}

/// The lines of the newest entry of a version; none when it is not there.
pub(crate) const fn entry(lock: &[u8], version: u32) -> &[u8] {
    let mut header = ConstText::<32>::new().say("version ");
    header.push_number(version as u64);
    header.push(" = ");
    let (mut at, mut found) = (0, lock.len());
    while at < lock.len() {
        let rest = lock.split_at(at).1;
        let mut end = 0;
        while end < rest.len() && rest[end] != b'\n' {
            end += 1;
        }
        let next = if end < rest.len() { at + end + 1 } else { lock.len() };
        if begins_with(rest, header.as_bytes()) {
            found = next;
        }
        at = next;
    }
    lock.split_at(found).1
}

/// Where the field of this path is declared, or else the nearest one above it.
const fn place(shape: &'static Shape, path: &[u8]) -> Option<Place> {
    let mut found = None;
    let mut shape = shape;
    let mut depth = depth(path);
    while depth > 0 {
        depth -= 1;
        let step = ancestor(path, depth);
        match part(shape, &step) {
            Some((part, at)) => {
                shape = part;
                if at.is_some() {
                    found = at;
                }
            }
            None => return found,
        }
    }
    found
}

const fn depth(path: &[u8]) -> usize {
    let (mut depth, mut path) = (0, path);
    while !path.is_empty() {
        path = split(path).parent;
        depth += 1;
    }
    depth
}

/// The part of a path that has so many parts below it.
const fn ancestor(path: &[u8], below: usize) -> Path<'_> {
    let (mut path, mut below) = (path, below);
    while below > 0 {
        path = split(path).parent;
        below -= 1;
    }
    split(path)
}

/// The part of a shape that one step of a path leads to, and where it is declared.
const fn part(shape: &'static Shape, step: &Path<'_>) -> Option<(&'static Shape, Option<Place>)> {
    let is_key = contains(step.step, b'<');
    match *shape {
        Shape::Option(inner) | Shape::Sequence(inner) | Shape::Array { item: inner, .. } => {
            part(inner, step)
        }
        Shape::Map { key, value } => part(if is_key { key } else { value }, step),
        Shape::Struct(shape) => field(shape.fields, step.name),
        Shape::Tuple(items) => item(items, step.name),
        Shape::Enum(shape) => {
            let mut i = 0;
            while i < shape.variants.len() && !is_named(step.name, shape.variants[i].name) {
                i += 1;
            }
            if i == shape.variants.len() {
                return None;
            }
            Some((
                match shape.variants[i].content {
                    Content::Newtype(item) => item.shape,
                    // Fields of a variant are found where the variant is: by its enum.
                    Content::Unit | Content::Tuple(_) | Content::Struct(_) => &Shape::Unit,
                },
                None,
            ))
        }
        _ => None,
    }
}

const fn field(fields: &[Field], name: &[u8]) -> Option<(&'static Shape, Option<Place>)> {
    let mut i = 0;
    while i < fields.len() {
        if is_named(name, fields[i].name) {
            return Some((fields[i].shape, Some(fields[i].place)));
        }
        i += 1;
    }
    None
}

const fn item(items: &[Item], name: &[u8]) -> Option<(&'static Shape, Option<Place>)> {
    let mut i = 0;
    while i < items.len() {
        let mut number = ConstText::<20>::new();
        number.push_number(i as u64);
        if equal(name, number.as_bytes()) {
            return Some((items[i].shape, None));
        }
        i += 1;
    }
    None
}
