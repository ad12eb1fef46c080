//! Declarations besides a shape, compared with its lock; `esrs_lock::steps` says how it is written.

use esrs_lock::file;
use esrs_lock::outline::{MAX_OUTLINE, Spans, Text, slice, split};
use esrs_lock::steps::{BY_HAND, Lines, compare, is_as_written};
use esrs_lock::text::ConstText;

use super::located::is_named;
use super::message::{Message, push_quoted_path};
use super::walk::{Says, Walk};
use crate::schema::{Shape, ShapeVersion, Step, is_unknown};

/// Says that nothing else is declared than is locked.
pub const UNCHANGED: usize = usize::MAX;

/// The text of the steps of a version: as long as all that is locked of it.
type Steps = ConstText<MAX_OUTLINE>;

/// Writes what is declared of a version, a line each for the parts of which anything is; returns false if
/// it does not fit.
pub(super) const fn push_steps<const N: usize>(
    text: &mut ConstText<N>,
    history: &ShapeVersion,
    version: u32,
) -> bool {
    let version = at(history, version);
    let mut spans = Spans::new(&mut []);
    let mut walk = Walk::new(Says::Steps, text, &mut spans);
    let by_hand = if matches!(version.step(), Step::Written) { BY_HAND } else { "" };
    walk.declared(&[by_hand, version.declared()]);
    walk.parts(version.shape());
    walk.end()
}

/// Writes the fields that may be absent in what is read, and never are in what is written, a line each; returns
/// false if it does not fit.
pub(super) const fn push_always_written<const N: usize>(
    text: &mut ConstText<N>,
    shape: &Shape,
) -> bool {
    let mut spans = Spans::new(&mut []);
    let mut walk = Walk::new(Says::AlwaysWritten, text, &mut spans);
    walk.parts(shape);
    walk.end()
}

/// The paths of the fields that a type of this shape always writes, though they may be absent in what it reads;
/// see [`as_written`](super::as_written).
pub fn always_written(shape: &Shape) -> Vec<String> {
    let mut text = Steps::new();
    push_always_written(&mut text, shape);
    text.as_str().lines().map(|line| line.trim().to_owned()).collect()
}

/// The steps that are declared of the parts of a shape.
pub(super) fn steps_of(shape: &Shape) -> Box<Steps> {
    let mut text = Box::new(Steps::new());
    Walk::new(Says::Steps, &mut *text, &mut Spans::new(&mut [])).parts(shape);
    text
}

const fn at(history: &ShapeVersion, version: u32) -> &ShapeVersion {
    let mut found = history;
    while found.version() != version {
        match found.previous() {
            Some(previous) => found = previous,
            None => panic!("the event has no such version"),
        }
    }
    found
}

/// Returns the place of the payload's own field that leads to the part of which something else is declared
/// than is locked; [`UNCHANGED`] when it is the same, or the shape is another, which is reported by itself.
pub const fn changed_steps(
    history: &ShapeVersion,
    version: u32,
    fingerprint: u64,
    lock: &str,
) -> usize {
    let now = at(history, version);
    if is_unknown(now.shape()) || now.fingerprint().to_u64() != fingerprint {
        return UNCHANGED;
    }
    let Some(start) = file::steps_of(lock.as_bytes(), version) else { return UNCHANGED };
    let mut steps = Steps::new();
    push_steps(&mut steps, history, version);
    if is_as_written(lock.as_bytes(), start, steps.as_bytes()) {
        return UNCHANGED;
    }
    let (locked, steps) = (Lines::new(lock.as_bytes(), start), Lines::new(steps.as_bytes(), 0));
    let Some(change) = compare(&locked, &steps) else { return UNCHANGED };
    let fields = match *now.shape() {
        Shape::Struct(shape) => shape.fields,
        _ => &[],
    };
    let name = first_name(change.path);
    let mut i = 0;
    while i < fields.len() && !is_named(name, fields[i].name) {
        i += 1;
    }
    i
}

const fn first_name(path: Text<'_>) -> Text<'_> {
    let mut last = split(path);
    while !last.parent.is_empty() {
        last = split(last.parent);
    }
    last.name
}

/// Fails to compile, at the place of the call, with what [`changed_steps`] found.
#[track_caller]
pub const fn steps_changed(
    history: &ShapeVersion,
    version: u32,
    name: &str,
    ident: &str,
    lock: &str,
) {
    let mut now = Steps::new();
    push_steps(&mut now, history, version);
    let Some(start) = file::steps_of(lock.as_bytes(), version) else { return };
    let (locked, now) = (Lines::new(lock.as_bytes(), start), Lines::new(now.as_bytes(), 0));
    let Some(change) = compare(&locked, &now) else { return };
    let mut text = Message::new().say("version ");
    text.push_number(version as u64);
    text.push(" of ");
    let mut text = text.quote(ident).say(" is locked, and what leads to it has changed: ");
    push_quoted_path(&mut text, change.path);
    text.push("\n    locked is:   ");
    push_declared(&mut text, change.locked);
    text.push("\n    declared is: ");
    push_declared(&mut text, change.now);
    text.push(
        "\n    stored payloads would be read as other values, which no shape shows\neither: put back what \
         is locked\nor:     if each of them is read as the same value, run `cargo esrs lock --accept-steps ",
    );
    text.push(name);
    text.push("`");
    panic!("{}", text.as_str())
}

const fn push_declared(text: &mut Message, declared: Option<Text<'_>>) {
    /// A closure may be long; the lock has all of it.
    const LONG: usize = 400;
    match declared {
        None => text.push("nothing"),
        Some(declared) if declared.len() > LONG => {
            text.push(slice(declared, 0, LONG).as_str());
            text.push(" …");
        }
        Some(declared) => text.push(declared.as_str()),
    }
}
