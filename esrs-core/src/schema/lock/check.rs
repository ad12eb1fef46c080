//! Checks of the derives on a lock in const evaluation.

use esrs_lock::compat::{Change, compare};
use esrs_lock::file::{STEPS, entry};
use esrs_lock::outline::{
    CompareRoom, Line, Lines, MAX_LINES, Pairs, Span, Spans, Text, describe, equal, name_end,
    slice, split,
};
use esrs_lock::told;

use super::located::{is_named, push_place};
use super::message::{Message, push_quoted_path};
use super::outline::{Outline, write_outline};
use super::steps::{push_always_written, push_steps};
use super::ways::{Changed, path_of, tuple_of, ways_out, ways_out_of_the_past};
use crate::schema::{EventType, Field, Shape, ShapeVersion, is_unknown};

/// The way out of a shape that does not fit into a lock.
const FEWER_PARTS: &str = "make events of their own of some of its parts, or store a part as \
                           `#[schema(opaque = \"name@1\")]`, in a new version";

/// Returns true if an event has the shape that is locked.
pub const fn is_as_locked(event: &EventType, locked: u64) -> bool {
    // One mistake is reported once, not by its lock too.
    event.fingerprint.to_u64() == locked || is_unknown(event.shape)
}

/// The shape of an event as it is now, as a lock writes it.
pub struct ShapeNow {
    outline: Outline,
    spans: [Span; MAX_LINES],
    lines: usize,
    fits: bool,
}

impl std::fmt::Debug for ShapeNow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ShapeNow").field(&self.outline.as_str()).finish()
    }
}

impl ShapeNow {
    /// Writes the shape of an event.
    pub const fn of(event: &EventType) -> Self {
        Self::of_shape(event.shape)
    }

    pub(super) const fn of_shape(shape: &Shape) -> Self {
        let (mut outline, mut spans) = (Outline::new(), [Span::EMPTY; MAX_LINES]);
        let mut writing = Spans::new(&mut spans);
        let fits = write_outline(&mut outline, &mut writing, shape);
        let lines = writing.count();
        Self { outline, spans, lines, fits }
    }
}

/// An event that is not as it is locked, with what differs.
#[derive(Debug)]
pub struct Differs<'a> {
    event: &'a EventType,
    both: Both<'a>,
}

impl<'a> Differs<'a> {
    /// Compares an event, whose shape is `now`, with the text of its lock.
    pub const fn new(
        event: &'a EventType,
        now: &'a mut ShapeNow,
        lock: &'a str,
        room: &'a mut CompareRoom,
    ) -> Self {
        Self { event, both: Both::new(entry(lock.as_bytes(), event.version), now, room) }
    }

    /// Returns the place of the event's own field that leads to what differs; the number of its fields when
    /// none does.
    pub const fn field(&self) -> usize {
        let fields = fields_of(self.event.shape);
        let Some(change) = &self.both.change else { return fields.len() };
        let name = first_name(path_of(change));
        let mut i = 0;
        while i < fields.len() && !is_named(name, fields[i].name) {
            i += 1;
        }
        i
    }
}

/// Fails to compile, at the place of the call, with what differs; `ident` is what the user calls the event,
/// and `has_fields` whether the payload's own parts are its fields.
#[track_caller]
pub const fn shape_changed(found: &Differs<'_>, ident: &str, has_fields: bool) {
    let Differs { event, both } = found;
    let message = match &both.change {
        Some(change) => {
            let mut text = begin(event, ident);
            text.push(", and its shape has changed: ");
            differs(&mut text, event.shape, change, both);
            let event = Changed { event, ident, has_fields };
            ways_out(&mut text, &event, change, both);
            text
        }
        None if !both.fits => too_long(event, ident),
        None => damaged(event, ident),
    };
    panic!("{}", message.as_str())
}

/// The lines of an entry of a lock and those of the shape as it is, each parsed once.
pub(super) struct Both<'a> {
    pub(super) pairs: Pairs<'a>,
    pub(super) change: Option<Change<'a>>,
    /// True if all of the shape as it is could be written.
    fits: bool,
}

impl<'a> Both<'a> {
    pub(super) const fn new(
        locked: &'a [u8],
        now: &'a mut ShapeNow,
        room: &'a mut CompareRoom,
    ) -> Self {
        let ShapeNow { outline, spans, lines, fits } = now;
        Self::of_pairs(room.pairs(locked, (outline.as_bytes(), spans, *lines)), *fits)
    }

    /// Compares the lines; `fits` is whether all of the shape as it is could be written.
    pub(super) const fn of_pairs(pairs: Pairs<'a>, fits: bool) -> Self {
        let fits = fits && !pairs.now.is_cut();
        let change = if fits { compare(&pairs) } else { None };
        Self { pairs, change, fits }
    }
}

impl std::fmt::Debug for Both<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Both").field("change", &self.change).finish_non_exhaustive()
    }
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
    let (mut now, mut room) = (ShapeNow::of(&past), CompareRoom::new());
    let both = Both::new(entry(lock.as_bytes(), version), &mut now, &mut room);
    let message = match &both.change {
        Some(change) => {
            let mut text = begin(&past, ident);
            text.push(", and what is declared of `");
            text.push(ident);
            text.push("` leads back to another shape of it: ");
            differs(&mut text, past.shape, change, &both);
            ways_out_of_the_past(&mut text, &past, change);
            text
        }
        None if !both.fits => too_long(&past, ident),
        None => damaged(&past, ident),
    };
    panic!("{}", message.as_str())
}

/// Writes the message about declared steps that lead back to another shape than that of the struct they begin
/// with: where the two differ.
pub(in crate::schema) const fn leads_elsewhere(
    kept: &'static Shape,
    declared: &'static Shape,
    sentence: &str,
    ways: &str,
) -> Message {
    let mut text = Message::new().say(sentence);
    let (then, mut now) = (ShapeNow::of_shape(kept), ShapeNow::of_shape(declared));
    let mut room = CompareRoom::new();
    if let Some(change) = &Both::new(then.outline.as_bytes(), &mut now, &mut room).change {
        text.push(": ");
        push_quoted_path(&mut text, path_of(change));
        text.push("\n    the struct has: ");
        push_part(&mut text, &change.locked);
        push_place(&mut text, kept, path_of(change));
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

/// Fails to compile, in the lock mode of `cargo esrs`, with what must be locked of an older version of
/// an event.
pub const fn tell_past(event: &EventType, history: &ShapeVersion, version: u32) {
    tell_event(&past(event, history, version), history);
}

/// Fails to compile, in the lock mode of `cargo esrs`, with what must be locked of an event.
pub const fn tell_event(event: &EventType, history: &ShapeVersion) {
    let mut text = Outline::new();
    text.push(told::PREFIX);
    text.push(told::EVENT);
    text.push_byte(b'\n');
    text.push(event.name);
    text.push_byte(b'\n');
    text.push_number(event.version as u64);
    text.push_byte(b'\n');
    text.push_hex(event.fingerprint.to_u64());
    text.push_byte(b'\n');
    let mut i = 0;
    while i < event.aliases.len() {
        text.push(told::ALIAS);
        text.push(event.aliases[i]);
        text.push_byte(b'\n');
        i += 1;
    }
    if !write_outline(&mut text, &mut Spans::new(&mut []), event.shape) {
        panic!("{}", told::SHAPE_TOO_LONG)
    }
    text.push(STEPS);
    text.push_byte(b'\n');
    if !push_steps(&mut text, history, event.version) {
        panic!("{}", told::SHAPE_TOO_LONG)
    }
    text.push(told::ALWAYS_WRITTEN);
    text.push_byte(b'\n');
    if !push_always_written(&mut text, event.shape) {
        panic!("{}", told::SHAPE_TOO_LONG)
    }
    if is_unknown(event.shape) {
        return;
    }
    panic!("{}", text.as_str())
}

/// Returns the part that differs, in what, and by which rule.
pub(super) const fn differs(
    text: &mut Message,
    shape: &'static Shape,
    change: &Change<'_>,
    both: &Both<'_>,
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
        (Some(tuple), _) => push_tuple(text, &both.pairs.locked, tuple),
        (None, locked) => push_part(text, locked),
    }
    text.push("\n    is here:       ");
    match (tuple, &change.now) {
        (Some(tuple), _) => push_tuple(text, &both.pairs.now, tuple),
        (None, now) => push_part(text, now),
    }
    push_place(text, shape, path);
    text.push("\n    ");
    text.push(change.rule.sentence());
    // Of a tuple, all places are shown.
    if tuple.is_none() && !change.rule.is_compatible() {
        push_others(text, change, both);
    }
}

/// All places of a tuple.
const fn push_tuple(text: &mut Message, lines: &Lines<'_>, tuple: Text<'_>) {
    text.push("(");
    let mut next = match lines.of_path(tuple) {
        Some(tuple) => lines.first_part(tuple),
        None => None,
    };
    let mut count = 0;
    while let Some(at) = next {
        if count > 0 {
            text.push(", ");
        }
        lines.line(at).head.push_to(text);
        count += 1;
        next = lines.next_part(at);
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

/// The shape does not fit into a lock any more.
const fn too_long(event: &EventType, ident: &str) -> Message {
    let mut text = begin(event, ident);
    text.push(", and its shape has changed: it has more parts than a lock holds, which is ");
    text.push_number(MAX_LINES as u64);
    text.push(" lines of 256 KiB\neither: put it back as it was\nor:     ");
    text.push(FEWER_PARTS);
    text
}

/// Names what else differs than the change that is shown: it all belongs into one new version.
const fn push_others(text: &mut Message, change: &Change<'_>, both: &Both<'_>) {
    let shown = path_of(change);
    let pairs = &both.pairs;
    let (locked, now) = (&pairs.locked, &pairs.now);
    let (mut at, mut list) = (1, List::new("\n    not here either: "));
    while at < locked.count() && !list.is_full() {
        if pairs.now_of(at).is_none()
            && let Some(above) = locked.above(at)
            && let Some(parent) = pairs.now_of(above)
        {
            list.push_part(text, shown, &locked.line(at), now, parent);
        }
        at += 1;
    }
    list.end(text);
    let (mut at, mut list) = (1, List::new("\n    new here:        "));
    while at < now.count() && !list.is_full() {
        if pairs.locked_of(at).is_none()
            && let Some(above) = now.above(at)
            && let Some(parent) = pairs.locked_of(above)
        {
            list.push_part(text, shown, &now.line(at), locked, parent);
        }
        at += 1;
    }
    list.end(text);
    let (mut at, mut list) = (1, List::new("\n    changed too:     "));
    while at < locked.count() && !list.is_full() {
        if !pairs.is_same(at)
            && let Some(other) = pairs.now_of(at)
        {
            let (line, other) = (locked.line(at), now.line(other));
            let differs = !equal(line.head, other.head) || line.optional != other.optional;
            if differs && !equal(line.path, shown) {
                list.push(text, line.path);
            }
        }
        at += 1;
    }
    list.end(text);
}

/// Returns true if `parent` has a part that reads this one, or that this one is also read as.
const fn has_part(part: &Line<'_>, lines: &Lines<'_>, parent: usize) -> bool {
    if lines.reader_of(parent, part).is_some() {
        return true;
    }
    let mut start = 0;
    while start < part.aliases.len() {
        let end = name_end(part.aliases, start + 1, b"/");
        if lines.named_by_alias(parent, part, slice(part.aliases, start + 1, end)).is_some() {
            return true;
        }
        start = end;
    }
    false
}

/// A list of paths, of which the first are named: what must be done is said behind it.
struct List {
    title: &'static str,
    count: u64,
}

impl List {
    /// So many are named.
    const NAMED: u64 = 12;

    const fn new(title: &'static str) -> Self {
        Self { title, count: 0 }
    }

    /// Returns true if there are more than are named, which are not counted: const evaluation is slow.
    const fn is_full(&self) -> bool {
        self.count > Self::NAMED
    }

    const fn push(&mut self, text: &mut Message, path: Text<'_>) {
        if self.count < Self::NAMED {
            text.push(if self.count == 0 { self.title } else { ", " });
            push_quoted_path(text, path);
        }
        self.count += 1;
    }

    /// Names a part that `others` lack, but for the one that is shown.
    const fn push_part(
        &mut self,
        text: &mut Message,
        shown: Text<'_>,
        part: &Line<'_>,
        others: &Lines<'_>,
        parent: usize,
    ) {
        if !equal(part.path, shown) && !has_part(part, others, parent) {
            self.push(text, part.path);
        }
    }

    const fn end(&self, text: &mut Message) {
        if self.is_full() {
            text.push(" and more");
        }
    }
}

const fn push_part(text: &mut Message, part: &Option<Line<'_>>) {
    match part {
        Some(line) => describe(text, line),
        None => text.push("nothing"),
    }
}

/// The name of the payload's own part that a path begins with.
const fn first_name(path: Text<'_>) -> Text<'_> {
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
