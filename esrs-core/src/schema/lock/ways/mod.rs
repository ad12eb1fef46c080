//! The ways out of a change, as messages name them: what to write, and where.

mod templates;
#[cfg(test)]
mod tests;

use esrs_lock::compat::{Change, Rule, own_default, was_of_struct};
use esrs_lock::outline::{
    Line, Lines, Text, begins_with, ends_with, equal, is_variant_step, name_end, slice, split,
};

use super::check::Both;
use super::located::push_place;
use super::message::{Message, Value, fill};
use crate::schema::EventType;
use templates::*;

/// The event that differs from its lock.
pub(super) struct Changed<'a> {
    pub(super) event: &'a EventType,
    /// The name that the user gives it.
    pub(super) ident: &'a str,
    /// True if the payload's own parts are its fields.
    pub(super) has_fields: bool,
}

impl Changed<'_> {
    /// The version in which the change may be declared.
    const fn next(&self) -> u64 {
        self.event.version as u64 + 1
    }
}

/// Names what to do about a change of an event's newest version.
pub(super) const fn ways_out(
    text: &mut Message,
    changed: &Changed<'_>,
    change: &Change<'_>,
    both: &Both<'_>,
) {
    let event = changed.event;
    if event.version < event.locked_up_to && !change.rule.is_compatible() {
        return old_version(text, changed, change);
    }
    text.push(PUT_BACK);
    if change.rule.is_compatible() {
        return fill(text, KEEP, &[("version", Value::Number(event.version as u64))]);
    }
    Spot::of(change).ways_out(text, changed, change, both);
}

/// Writes what cannot have been meant for the struct of an older version.
const fn old_version(text: &mut Message, changed: &Changed<'_>, change: &Change<'_>) {
    let is_of_a_type_in_it = !split(path_of(change)).parent.is_empty();
    let template = if is_of_a_type_in_it { OLD_VERSION_HOLDS_IT } else { OLD_VERSION };
    fill(text, template, &[("ident", Value::Words(changed.ident))]);
}

/// Names what to do about an older version that the fields of a newer one declare.
pub(super) const fn ways_out_of_the_past(
    text: &mut Message,
    past: &EventType,
    change: &Change<'_>,
) {
    text.push(PUT_BACK_DECLARED);
    if change.rule.is_compatible() {
        return fill(text, KEEP, &[("version", Value::Number(past.version as u64))]);
    }
    text.push(DECLARE_IT);
}

/// Where something changed, and what became of it.
#[derive(Clone, Copy)]
struct Spot<'a> {
    path: Text<'a>,
    rule: Rule,
}

impl<'a> Spot<'a> {
    /// A place of a tuple is of no type that could declare anything: what holds the tuple is.
    const fn of(change: &Change<'a>) -> Self {
        let mut spot = Spot { path: path_of(change), rule: change.rule };
        while let Some(tuple) = tuple_of(spot.path) {
            spot = Spot { path: tuple, rule: Rule::TypeChanged };
        }
        spot
    }

    const fn ways_out(
        &self,
        text: &mut Message,
        changed: &Changed<'_>,
        change: &Change<'_>,
        both: &Both<'_>,
    ) {
        let path = split(self.path);
        self.keep_reading(text, changed.event.version, both);
        let is_of_the_event = path.parent.is_empty() && path.step.is(b".");
        let is_place = is_number(path.name) && is_of_the_event;
        if matches!(self.rule, Rule::NamesMerged) {
            text.push(WITHOUT_ALIAS);
        }
        // Neither can be told by what is declared on a field: it takes the whole payload.
        let is_of_two = matches!(self.rule, Rule::NamesMerged | Rule::TakenFromFlattened)
            || is_flattened(path.name);
        let is_of_struct = is_absent_by_struct(change, both);
        let is_added_or_removed = matches!(self.rule, Rule::FieldAdded | Rule::FieldRemoved);
        if !changed.has_fields
            || self.path.is_empty()
            || is_of_two
            || (is_of_struct && is_of_the_event)
            || (is_place && is_added_or_removed)
        {
            return push_struct_kept(text, changed);
        }
        if is_of_the_event {
            return self.declared_on_the_event(text, changed, change, both);
        }
        let may_name_a_struct = self.may_name_a_struct(both);
        if (self.is_declarable(both) && !is_of_struct)
            || (self.is_lost_variant() && !may_name_a_struct)
        {
            self.declared_on_the_way(text, changed, change, both);
        }
        let values = [
            ("next", Value::Number(changed.next())),
            ("ident", Value::Words(changed.ident)),
            ("path", Value::Path(own_field(self.path))),
            ("where", Value::Words(WHERE_COPY)),
        ];
        fill(text, RETYPED_ON_EVENT, &values);
    }

    /// The changes after which old payloads are read as they are.
    const fn keep_reading(&self, text: &mut Message, version: u32, both: &Both<'_>) {
        let name = split(self.path).name;
        let template = match self.rule {
            // Fields that `flatten` spreads have no name of their own that could be an alias.
            Rule::FieldRemoved if is_flattened(name) => return,
            Rule::VariantRemoved if self.may_name_a_struct(both) => RENAMED_VARIANT_OR_STRUCT,
            Rule::FieldRemoved | Rule::VariantRemoved => RENAMED,
            Rule::FieldAdded if !is_number(name) => LET_IT_BE_ABSENT,
            _ => return,
        };
        let version = Value::Number(version as u64);
        fill(text, template, &[("name", Value::Name(name)), ("version", version)]);
    }

    /// Writes the advice about a declaration on a field of the event.
    const fn declared_on_the_event(
        &self,
        text: &mut Message,
        changed: &Changed<'_>,
        change: &Change<'_>,
        both: &Both<'_>,
    ) {
        let next = changed.next();
        let declaration = self.declaration(change, next, both);
        let declaration = Value::Text(Text::of(declaration.as_bytes()));
        let values = [
            ("next", Value::Number(next)),
            ("removed", declaration),
            ("declaration", declaration),
            ("ident", Value::Words(changed.ident)),
            ("path", Value::Path(self.path)),
            ("where", Value::Words(self.explanation(change))),
        ];
        let is_gone = matches!(self.rule, Rule::FieldRemoved);
        fill(text, if is_gone { REMOVED_FROM_EVENT } else { DECLARED_ON_EVENT }, &values);
    }

    /// Writes the advice about a declaration in the type that has it, and in each that leads there.
    const fn declared_on_the_way(
        &self,
        text: &mut Message,
        changed: &Changed<'_>,
        change: &Change<'_>,
        both: &Both<'_>,
    ) {
        let (condition, template) = if matches!(self.rule, Rule::FieldRemoved) {
            (IF_REMOVED, REMOVED_FROM_TYPE)
        } else if self.is_lost_variant() {
            (IF_RENAMED, RENAMED_ON_VARIANT)
        } else {
            ("", DECLARED_ON_TYPE)
        };
        fill(text, FROM_THE_INSIDE_OUT, &[("if", Value::Words(condition))]);
        let declaration = self.declaration(change, 2, both);
        let declaration = Value::Text(Text::of(declaration.as_bytes()));
        let values = [
            ("removed", declaration),
            ("declaration", declaration),
            ("name", Value::Name(split(self.path).name)),
            ("path", Value::Path(self.path)),
            ("where", Value::Words(self.explanation(change))),
        ];
        fill(text, template, &values);
        let (mut between, mut number) = (split(self.path).parent, 2);
        while !split(between).parent.is_empty() {
            if !is_of_a_variant(between, &both.pairs.locked)
                || !is_of_a_variant(between, &both.pairs.now)
            {
                let values = [("number", Value::Number(number)), ("path", Value::Path(between))];
                fill(text, UPDATED_ON_TYPE, &values);
                push_place(text, changed.event.shape, between);
                number += 1;
            }
            between = split(between).parent;
        }
        let values = [
            ("number", Value::Number(number)),
            ("next", Value::Number(changed.next())),
            ("ident", Value::Words(changed.ident)),
            ("path", Value::Path(between)),
            ("event", Value::Words(changed.event.name)),
        ];
        fill(text, UPDATED_ON_EVENT, &values);
    }

    /// Returns true for the only variant of an enum with a tag, which is also how a struct with a `tag` is
    /// written: its variant is the name of the struct, and takes no alias.
    const fn may_name_a_struct(&self, both: &Both<'_>) -> bool {
        let lines = &both.pairs.locked;
        let Some(at) = lines.of_path(self.path) else { return false };
        let Some(above) = lines.above(at) else { return false };
        let is_only = match lines.first_part(above) {
            Some(first) => first == at && lines.next_part(first).is_none(),
            None => false,
        };
        is_only && has_tag(lines.line(above).head)
    }

    /// Returns true for a variant that may have another name now. Below a tuple, nothing can declare it.
    const fn is_lost_variant(&self) -> bool {
        if !matches!(self.rule, Rule::VariantRemoved) {
            return false;
        }
        let mut above = split(self.path).parent;
        while !above.is_empty() {
            if is_number(split(above).name) {
                return false;
            }
            above = split(above).parent;
        }
        true
    }

    /// Returns true if attributes can tell what became of it: not of variants, nor of what they lost, nor
    /// below a tuple.
    const fn is_declarable(&self, both: &Both<'_>) -> bool {
        let path = split(self.path);
        let is_lost_by_a_variant = matches!(self.rule, Rule::FieldRemoved)
            && (is_of_a_variant(path.parent, &both.pairs.locked)
                || is_of_a_variant(path.parent, &both.pairs.now));
        if is_variant_step(path.step) || is_lost_by_a_variant {
            return false;
        }
        let mut above = path.parent;
        while !above.is_empty() {
            if is_number(split(above).name) {
                return false;
            }
            above = split(above).parent;
        }
        true
    }

    /// The words of an attribute that say what became of the field in version `next` of what has it.
    const fn declaration(&self, change: &Change<'_>, next: u64, both: &Both<'_>) -> Message {
        let mut text = Message::new();
        let has_its_type = has_its_type(change);
        let function = match self.rule {
            Rule::AliasRemoved => IDENTITY,
            Rule::NowRequired | Rule::AbsentChanged if has_its_type => IDENTITY,
            _ => FUNCTION,
        };
        let (mut serde, mut opaque) = (Message::new(), Message::new());
        if let Some(then) = &change.locked {
            let has_words = match self.rule {
                Rule::AliasRemoved | Rule::AbsentChanged => true,
                Rule::NowRequired => has_its_type,
                Rule::FieldRemoved => {
                    !then.aliases.is_empty() || !own_default(&both.pairs.locked, then).is_empty()
                }
                _ => false,
            };
            if has_words {
                let words = words(then, both);
                let words = Value::Text(Text::of(words.as_bytes()));
                fill(&mut serde, SERDE, &[("words", words)]);
            }
            if let Some(name) = opaque_name(then.head) {
                fill(&mut opaque, OPAQUE, &[("name", Value::Text(name))]);
            }
        }
        let values = [
            ("next", Value::Number(next)),
            ("name", Value::Name(split(self.path).name)),
            ("function", Value::Words(function)),
            ("serde", Value::Text(Text::of(serde.as_bytes()))),
            ("opaque", Value::Text(Text::of(opaque.as_bytes()))),
        ];
        let template = match self.rule {
            Rule::FieldAdded => ADDED,
            Rule::FieldRemoved => REMOVED,
            _ => RETYPED,
        };
        fill(&mut text, template, &values);
        text
    }

    const fn explanation(&self, change: &Change<'_>) -> &'static str {
        match self.rule {
            Rule::FieldAdded => WHERE_DEFAULT,
            Rule::NowRequired | Rule::AbsentChanged if has_its_type(change) => WHERE_SAME_TYPE,
            Rule::AliasRemoved => WHERE_SAME_TYPE,
            Rule::NowClosed | Rule::OtherRepresentation => WHERE_COPY,
            _ => WHERE_FUNCTION,
        }
    }
}

/// The name of an opaque shape; `None` for any other.
const fn opaque_name(head: Text<'_>) -> Option<Text<'_>> {
    if !begins_with(head, b"opaque ") {
        return None;
    }
    let end = if ends_with(head, b"?") { head.len() - 1 } else { head.len() };
    Some(slice(head, 7, end))
}

/// Returns true if what an absent field is read as changed by the `default` of its struct, which no attribute
/// on the field declares.
const fn is_absent_by_struct(change: &Change<'_>, both: &Both<'_>) -> bool {
    let (Some(then), Some(now)) = (&change.locked, &change.now) else { return false };
    matches!(change.rule, Rule::NowRequired | Rule::AbsentChanged)
        && (was_of_struct(&both.pairs.locked, then)
            || (now.optional && both.pairs.now.is_written_of_struct(now.at)))
}

/// Returns true if the type of a field is what it was, where what it is when it is absent changed.
const fn has_its_type(change: &Change<'_>) -> bool {
    match (&change.locked, &change.now) {
        (Some(then), Some(now)) => equal(then.head, now.head) && !now.required,
        _ => false,
    }
}

/// The `default` and the aliases that were locked of a field, as attributes of serde.
const fn words(then: &Line<'_>, both: &Both<'_>) -> Message {
    let mut text = Message::new();
    let default = own_default(&both.pairs.locked, then);
    default.push_to(&mut text);
    let (mut start, mut is_first) = (0, default.is_empty());
    while start < then.aliases.len() {
        let end = name_end(then.aliases, start + 1, b"/");
        if !is_first {
            text.push(", ");
        }
        let name = Value::Name(slice(then.aliases, start + 1, end));
        fill(&mut text, ALIAS, &[("name", name)]);
        (start, is_first) = (end, false);
    }
    text
}

/// Writes what can be done about every change.
const fn push_struct_kept(text: &mut Message, changed: &Changed<'_>) {
    let mut old = Message::new();
    let version = Value::Number(changed.event.version as u64);
    let ident = Value::Words(changed.ident);
    fill(&mut old, OLD_STRUCT, &[("ident", ident), ("version", version)]);
    let values = [
        ("old", Value::Text(Text::of(old.as_bytes()))),
        ("next", Value::Number(changed.next())),
        ("ident", ident),
    ];
    fill(text, STRUCT_KEPT, &values);
}

pub(super) const fn path_of<'a>(change: &Change<'a>) -> Text<'a> {
    match (&change.now, &change.locked) {
        (Some(line), _) | (None, Some(line)) => line.path,
        (None, None) => Text::EMPTY,
    }
}

/// Returns what has a place of this path, when it is one of a tuple within the payload.
pub(super) const fn tuple_of(path: Text<'_>) -> Option<Text<'_>> {
    let path = split(path);
    if is_number(path.name) && !path.parent.is_empty() { Some(path.parent) } else { None }
}

/// The payload's own part that a path begins with.
const fn own_field(path: Text<'_>) -> Text<'_> {
    let mut path = path;
    while !split(path).parent.is_empty() {
        path = split(path).parent;
    }
    path
}

/// Returns true if the path is that of a variant which has fields, and not of a value.
const fn is_of_a_variant(path: Text<'_>, lines: &Lines<'_>) -> bool {
    let Some(at) = lines.of_path(path) else { return false };
    let head = lines.line(at).head;
    head.is(b"fields") || head.is(b"places")
}

/// Returns true if a head is that of an enum whose variants are told by a tag next to their fields.
const fn has_tag(head: Text<'_>) -> bool {
    let mut at = 0;
    while at < head.len() {
        if begins_with(head.from(at), b"enum(tag ") {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns true if a name stands for all the fields of a `flatten`.
const fn is_flattened(name: Text<'_>) -> bool {
    name.is(b"\"*\"")
}

/// Fields of a struct have no name of digits alone, but for one that is renamed so.
const fn is_number(name: Text<'_>) -> bool {
    let mut i = 0;
    while i < name.len() && name.byte(i).is_ascii_digit() {
        i += 1;
    }
    i > 0 && i == name.len()
}
