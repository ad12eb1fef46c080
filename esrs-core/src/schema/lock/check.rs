//! What the derives ask of a lock in const evaluation.

use super::compare::{Change, compare};
use super::line::{Line, Lines, MAX_LINES, begins_with, ends_with, equal, has_alias, slice, split};
use super::located::{is_named, push_place};
use super::outline::{Outline, outline};
use super::steps::{STEPS, steps_at};
use super::ways::{
    Changed, Message, path_of, push_quoted_path, tuple_of, ways_out, ways_out_of_the_past,
};
use crate::schema::derived::is_unknown;
use crate::schema::{Field, Shape};
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
/// user calls the event, and `has_fields` whether the payload's own parts are its fields.
#[track_caller]
pub const fn shape_changed(event: &EventType, ident: &str, has_fields: bool, lock: &str) {
    let now = outline(event.shape);
    let locked = entry(lock.as_bytes(), event.version);
    let message = match compare(locked, now.as_bytes()) {
        Some(change) => {
            let mut text = begin(event, ident);
            text.push(", and its shape has changed: ");
            differs(&mut text, event.shape, &change, locked, now.as_bytes());
            let event = Changed { event, ident, has_fields };
            ways_out(&mut text, &event, &change, locked, now.as_bytes());
            text
        }
        None => damaged(event, ident),
    };
    panic!("{}", message.as_str())
}

/// Fails to compile, at the place of the call, with what `schema!()` found to be wrong with a lock.
#[track_caller]
pub const fn unsound_lock(message: &str) -> ! {
    panic!("{}", message)
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
    let locked = entry(lock.as_bytes(), version);
    let message = match compare(locked, now.as_bytes()) {
        Some(change) => {
            let mut text = begin(&past, ident);
            text.push(", and what is declared of `");
            text.push(ident);
            text.push("` leads back to another shape of it: ");
            differs(&mut text, past.shape, &change, locked, now.as_bytes());
            ways_out_of_the_past(&mut text, &past, &change);
            text
        }
        None => damaged(&past, ident),
    };
    panic!("{}", message.as_str())
}

/// What is said of declared steps that lead back to another shape than that of the struct they begin
/// with: where the two differ.
pub(in crate::schema) const fn leads_elsewhere(
    kept: &'static Shape,
    declared: &'static Shape,
    sentence: &str,
    ways: &str,
) -> Message {
    let mut text = Message::new().say(sentence);
    let (then, now) = (outline(kept), outline(declared));
    if let Some(change) = compare(then.as_bytes(), now.as_bytes()) {
        text.push(": ");
        push_quoted_path(&mut text, path_of(&change));
        text.push("\n    the struct has: ");
        push_part(&mut text, &change.locked);
        push_place(&mut text, kept, path_of(&change));
        text.push("\n    declared is:    ");
        push_part(&mut text, &change.now);
    }
    text.push(ways);
    text
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
    tell_event(&past(event, history, version), history);
}

/// Fails to compile, in the lock mode of `cargo esrs`, with what is to be locked of an event.
pub const fn tell_event(event: &EventType, history: &ShapeVersion) {
    let mut text = Outline::new().say("esrs-lock:event with steps\n").say(event.name);
    text.push_byte(b'\n');
    text.push_number(event.version as u64);
    text.push_byte(b'\n');
    text.push_hex(event.fingerprint.to_u64());
    text.push_byte(b'\n');
    let mut i = 0;
    while i < event.aliases.len() {
        text.push("alias ");
        text.push(event.aliases[i]);
        text.push_byte(b'\n');
        i += 1;
    }
    let outline = outline(event.shape);
    text.push_bytes(outline.as_bytes());
    let lines = Lines::new(outline.as_bytes());
    if text.is_cut() || outline.is_cut() || lines.as_slice().len() == MAX_LINES {
        panic!("esrs-lock:too-long")
    }
    let steps = steps_at(history, event.version);
    text.push(STEPS);
    text.push_bytes(steps.as_bytes());
    if text.is_cut() || steps.is_cut() {
        panic!("esrs-lock:too-long")
    }
    if is_unknown(event.shape) {
        return;
    }
    panic!("{}", text.as_str())
}

/// Which part differs, in what, and by which rule.
pub(super) const fn differs(
    text: &mut Message,
    shape: &'static Shape,
    change: &Change<'_>,
    locked: &[u8],
    now: &[u8],
) {
    // Of a tuple whose places moved, one of them tells little.
    let tuple = tuple_of(path_of(change));
    let path = match tuple {
        Some(tuple) => tuple,
        None => path_of(change),
    };
    push_quoted_path(text, path);
    text.push("\n    was stored as: ");
    match (tuple, &change.locked) {
        (Some(tuple), _) => push_tuple(text, locked, tuple),
        (None, locked) => push_part(text, locked),
    }
    text.push("\n    is here:       ");
    match (tuple, &change.now) {
        (Some(tuple), _) => push_tuple(text, now, tuple),
        (None, now) => push_part(text, now),
    }
    push_place(text, shape, path);
    text.push("\n    ");
    text.push(change.rule.sentence());
    // Of a tuple, all places are shown.
    if tuple.is_none() && !change.rule.is_compatible() {
        push_others(text, change, locked, now);
    }
}

/// All places of a tuple.
const fn push_tuple(text: &mut Message, outline: &[u8], tuple: &[u8]) {
    let lines = Lines::new(outline);
    let lines = lines.as_slice();
    let (mut i, mut count) = (0, 0);
    text.push("(");
    while i < lines.len() {
        if lines[i].is_part_of(tuple) {
            if count > 0 {
                text.push(", ");
            }
            text.push(whole_letters(lines[i].head));
            count += 1;
        }
        i += 1;
    }
    text.push(")");
}

const fn begin(event: &EventType, ident: &str) -> Message {
    let mut text = Message::new().say("version ");
    text.push_number(event.version as u64);
    text.say(" of ").quote(ident).say(" is locked")
}

/// The text says the same, and the fingerprint does not.
const fn damaged(event: &EventType, ident: &str) -> Message {
    begin(event, ident).say(
        " with a fingerprint that is not that of its shape: the lock was damaged, or written by \
         another esrs; restore it from version control",
    )
}

/// A part as messages show it.
pub(super) const fn part_text(line: Line<'_>) -> Message {
    let mut text = Message::new();
    push_line(&mut text, line.head, line.optional, line.aliases);
    text
}

/// Names what else differs than the change that is shown: it all belongs into one new version.
const fn push_others(text: &mut Message, change: &Change<'_>, locked: &[u8], now: &[u8]) {
    let shown = path_of(change);
    let (locked, now) = (Lines::new(locked), Lines::new(now));
    let (locked, now) = (locked.as_slice(), now.as_slice());
    push_only_in(text, "\n    not here either: ", shown, locked, now);
    push_only_in(text, "\n    new here:        ", shown, now, locked);
    let (mut i, mut count) = (0, 0);
    while i < locked.len() {
        let line = locked[i];
        i += 1;
        if line.path.is_empty() || equal(line.path, shown) {
            continue;
        }
        if let Some(other) = of_path(line.path, now)
            && !(equal(line.head, other.head) && line.optional == other.optional)
        {
            text.push(if count == 0 { "\n    changed too:     " } else { ", " });
            push_quoted_path(text, line.path);
            count += 1;
        }
    }
}

/// Names the parts of `lines` that `others` lack, but for the one that is shown and all below another.
const fn push_only_in(
    text: &mut Message,
    title: &str,
    shown: &[u8],
    lines: &[Line<'_>],
    others: &[Line<'_>],
) {
    let (mut i, mut count) = (0, 0);
    while i < lines.len() {
        let line = lines[i];
        i += 1;
        let parent = split(line.path).parent;
        let is_below = !parent.is_empty() && of_path(parent, others).is_none();
        if line.path.is_empty() || equal(line.path, shown) || is_below {
            continue;
        }
        if !has_part(line, others) {
            text.push(if count == 0 { title } else { ", " });
            push_quoted_path(text, line.path);
            count += 1;
        }
    }
}

/// Returns true if there is a part of this name, or of one that it is also read as.
const fn has_part(part: Line<'_>, lines: &[Line<'_>]) -> bool {
    let path = split(part.path);
    let mut i = 0;
    while i < lines.len() {
        let other = split(lines[i].path);
        if equal(lines[i].path, part.path) {
            return true;
        }
        if equal(other.parent, path.parent)
            && equal(other.step, path.step)
            && (has_alias(lines[i].aliases, path.name) || has_alias(part.aliases, other.name))
        {
            return true;
        }
        i += 1;
    }
    false
}

/// The line of this path, if there is one.
const fn of_path<'l>(path: &[u8], lines: &[Line<'l>]) -> Option<Line<'l>> {
    let mut i = 0;
    while i < lines.len() {
        if equal(lines[i].path, path) {
            return Some(lines[i]);
        }
        i += 1;
    }
    None
}

const fn push_part(text: &mut Message, part: &Option<Line<'_>>) {
    match part {
        Some(line) => push_line(text, line.head, line.optional, line.aliases),
        None => text.push("nothing"),
    }
}

const fn push_line(text: &mut Message, head: &[u8], optional: bool, aliases: &[u8]) {
    let is_nullable = ends_with(head, b"?");
    let head = if is_nullable { slice(head, 0, head.len() - 1) } else { head };
    let is_closed = begins_with(head, b"closed ");
    let head = if is_closed { slice(head, 7, head.len()) } else { head };
    text.push(match head {
        b"" => "a variant without fields",
        b"fields" => "a variant with named fields",
        b"places" => "a variant with unnamed fields",
        head => whole_letters(head),
    });
    if is_closed {
        text.push(", without unknown fields");
    }
    if is_nullable {
        text.push(", may be null");
    }
    if optional {
        text.push(", may be absent");
    }
    if !aliases.is_empty() {
        text.push(", also read as ");
        text.push(whole_letters(slice(aliases, 1, aliases.len())));
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
