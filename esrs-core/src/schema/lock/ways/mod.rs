//! The ways out of a change, as messages name them: what to write, and where.

#[cfg(test)]
mod tests;

use esrs_lock::compat::{Change, Rule, own_default, was_of_struct};
use esrs_lock::outline::{
    Line, Lines, Text, begins_with, ends_with, equal, is_variant_step, name_end, slice, split,
};
use esrs_lock::text::ConstText;

use super::check::Both;
use super::located::push_place;
use crate::EventType;

pub(super) type Message = ConstText<8192>;

/// The event that differs from its lock.
pub(super) struct Changed<'a> {
    pub(super) event: &'a EventType,
    /// What the user calls it.
    pub(super) ident: &'a str,
    /// Whether the payload's own parts are its fields.
    pub(super) has_fields: bool,
}

/// What a type is called in messages that knew no name for it.
const OLD_TYPE: &str = "OldType";

/// What the old type is, when its owner changed it.
const OF_A_COPY: &str =
    ", where `function` makes the new value of an `OldType`, a copy of its type as it was";

/// The way out of a change that breaks nothing.
const KEPT: &str = "\nor:     keep it, because this program still reads every old payload: run `cargo esrs lock`, \
                    which adds it to the lock; the version stays ";

/// The other direction, which a lock does not decide.
const ROLLING: &str = "\n        (whether older programs that still run read new payloads is told by `cargo esrs lock \
                       --check --rolling REF`)";

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
    text.push("\neither: put it back as it was");
    if change.rule.is_compatible() {
        text.push(KEPT);
        text.push_number(event.version as u64);
        text.push(ROLLING);
        return;
    }
    Spot::of(change).ways_out(text, changed, change, both);
}

/// What cannot have been meant for the struct of an older version.
const fn old_version(text: &mut Message, changed: &Changed<'_>, change: &Change<'_>) {
    let is_of_a_type_in_it = !split(path_of(change)).parent.is_empty();
    text.push(if is_of_a_type_in_it { "\neither: " } else { "\n" });
    text.push("put it back as it was, because `");
    text.push(changed.ident);
    text.push("` is an old version, and make the change in the newest one");
    if is_of_a_type_in_it {
        text.push("\nor:     if the change is meant for newer versions, keep a copy of the old type, and let `");
        text.push(changed.ident);
        text.push("` hold that");
    }
}

/// Names what to do about an older version that the fields of a newer one declare.
pub(super) const fn ways_out_of_the_past(
    text: &mut Message,
    past: &EventType,
    change: &Change<'_>,
) {
    text.push("\neither: put back what is declared, and what it is declared of, as it was");
    if change.rule.is_compatible() {
        text.push(KEPT);
        text.push_number(past.version as u64);
        return text.push(ROLLING);
    }
    text.push(
        "\nor:     declare what changed, in a version that is not locked yet: `added(…)`, `renamed(…)` or \
         `retyped(…)` on the field, `removed(…)` in the `#[event(…)]`, or `updated(…)` on the field where \
         its type declares the change",
    );
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
            text.push(
                "\nor:     take the alias away; what became of the other part is then a change of its own",
            );
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
        text.push("\nor:     write ");
        push_next(text, changed);
        text.push(", and `#[event(retyped(from = OldType, in = ");
        text.push_number(changed.event.version as u64 + 1);
        text.push(", with = function))]` on ");
        push_quoted_path(text, own_field(self.path));
        text.push(OF_A_COPY);
        text.push(", with all in it that changed");
    }

    /// The changes after which old payloads are read as they are.
    const fn keep_reading(&self, text: &mut Message, version: u32, both: &Both<'_>) {
        match self.rule {
            // Fields that `flatten` spreads have no name of their own that could be an alias.
            Rule::FieldRemoved if is_flattened(split(self.path).name) => return,
            Rule::VariantRemoved if self.may_name_a_struct(both) => {
                text.push("\nor:     if it is the name of a struct with `tag`, write `#[serde(rename = \"");
                unquoted(split(self.path).name).push_to(text);
                text.push("\")]` on the struct; if it is a variant that was renamed, write `#[serde(alias = \"");
                unquoted(split(self.path).name).push_to(text);
                text.push("\")]` on it, and run `cargo esrs lock`");
            }
            Rule::FieldRemoved | Rule::VariantRemoved => {
                text.push("\nor:     if it was renamed, write `#[serde(alias = \"");
                unquoted(split(self.path).name).push_to(text);
                text.push("\")]` on it, and run `cargo esrs lock`");
            }
            Rule::FieldAdded if !is_number(split(self.path).name) => {
                text.push("\nor:     let it be absent, by an `Option` or `#[serde(default)]`, and run `cargo esrs lock`");
            }
            _ => return,
        }
        text.push("; the version stays ");
        text.push_number(version as u64);
    }

    /// What is declared on a field of the event.
    const fn declared_on_the_event(
        &self,
        text: &mut Message,
        changed: &Changed<'_>,
        change: &Change<'_>,
        both: &Both<'_>,
    ) {
        let next = changed.event.version as u64 + 1;
        text.push("\nor:     ");
        if matches!(self.rule, Rule::FieldRemoved) {
            text.push("if it was removed, write `version = ");
            text.push_number(next);
            text.push(", ");
            push_removed(text, split(self.path).name, change, next, both);
            text.push("` in the `#[event(…)]` of `");
            text.push(changed.ident);
            text.push("`, where `OldType` is the type it had");
            return;
        }
        text.push("write ");
        push_next(text, changed);
        text.push(", and `#[event(");
        self.push_declaration(text, change, next, both);
        text.push(")]` on ");
        push_quoted_path(text, self.path);
        self.push_explanation(text, change);
    }

    /// What is declared in the type that has it, and in each that leads there.
    const fn declared_on_the_way(
        &self,
        text: &mut Message,
        changed: &Changed<'_>,
        change: &Change<'_>,
        both: &Both<'_>,
    ) {
        text.push("\nor:     ");
        if matches!(self.rule, Rule::FieldRemoved) {
            text.push("if it was removed, ");
        }
        if self.is_lost_variant() {
            text.push("if it was renamed, ");
        }
        text.push("declare what changed, from the inside out:");
        text.push("\n        1. write ");
        if self.is_lost_variant() {
            text.push("`#[schema(version = 2)]` on the enum that had ");
            push_quoted_path(text, self.path);
            text.push(", and `#[schema(renamed(from = \"");
            unquoted(split(self.path).name).push_to(text);
            text.push("\", in = 2))]` on the variant");
        } else if matches!(self.rule, Rule::FieldRemoved) {
            text.push("`#[schema(version = 2, ");
            push_removed(text, split(self.path).name, change, 2, both);
            text.push(")]` on the type that had ");
            push_quoted_path(text, self.path);
            text.push(", where `OldType` is the type it had there");
        } else {
            text.push("`#[schema(version = 2)]` on the type that has ");
            push_quoted_path(text, self.path);
            text.push(", and `#[schema(");
            self.push_declaration(text, change, 2, both);
            text.push(")]` on that field");
            self.push_explanation(text, change);
        }
        let (mut between, mut number) = (split(self.path).parent, 2);
        while !split(between).parent.is_empty() {
            if !is_of_a_variant(between, &both.pairs.locked)
                || !is_of_a_variant(between, &both.pairs.now)
            {
                text.push("\n        ");
                text.push_number(number);
                text.push(". write `#[schema(version = 2)]` on the type that has ");
                push_quoted_path(text, between);
                text.push(", and `#[schema(updated(in = 2, from = 1))]` on that field");
                push_place(text, changed.event.shape, between);
                number += 1;
            }
            between = split(between).parent;
        }
        text.push("\n        ");
        text.push_number(number);
        text.push(". write ");
        push_next(text, changed);
        text.push(", and `#[event(updated(in = ");
        text.push_number(changed.event.version as u64 + 1);
        text.push(", from = 1))]` on ");
        push_quoted_path(text, between);
        text.push(
            "\n        (`version = 2` is for a type without `#[schema(version = …)]` so far; any other takes \
             its next version, and is `updated` from its last; a newtype on the way declares `updated` on \
             its place, and a generic type, or one with `from` and `into`, has an `impl PastVersion<1>` \
             instead, which for the latter is accepted by `cargo esrs lock --accept-steps ",
        );
        text.push(changed.event.name);
        text.push("`)");
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

    /// Whether attributes can tell what became of it: not of variants, nor of what they lost, nor below
    /// a tuple.
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

    /// What an attribute says on the field.
    const fn push_declaration(
        &self,
        text: &mut Message,
        change: &Change<'_>,
        next: u64,
        both: &Both<'_>,
    ) {
        if matches!(self.rule, Rule::FieldAdded) {
            text.push("added(in = ");
            text.push_number(next);
            text.push(", default = …)");
            return;
        }
        text.push("retyped(from = ");
        text.push(OLD_TYPE);
        text.push(", in = ");
        text.push_number(next);
        match self.rule {
            Rule::AliasRemoved => text.push(", with = std::convert::identity"),
            Rule::NowRequired | Rule::AbsentChanged if has_its_type(change) => {
                text.push(", with = std::convert::identity");
            }
            _ => text.push(", with = function"),
        }
        if let Some(then) = &change.locked
            && (matches!(self.rule, Rule::AliasRemoved | Rule::AbsentChanged)
                || (matches!(self.rule, Rule::NowRequired) && has_its_type(change)))
        {
            text.push(", serde(");
            push_words(text, then, both);
            text.push(")");
        }
        if let Some(then) = &change.locked
            && begins_with(then.head, b"opaque ")
        {
            text.push(", opaque = ");
            push_opaque(text, slice(then.head, 7, then.head.len()));
        }
        text.push(")");
    }

    const fn push_explanation(&self, text: &mut Message, change: &Change<'_>) {
        text.push(match self.rule {
            Rule::FieldAdded => ", where `default` is what old payloads are to have there",
            Rule::NowRequired | Rule::AbsentChanged if has_its_type(change) => {
                ", where `OldType` is the type it has"
            }
            Rule::AliasRemoved => ", where `OldType` is the type it has",
            Rule::NowClosed | Rule::OtherRepresentation => OF_A_COPY,
            _ => ", where `function` makes the new value of an `OldType`, its type as it was",
        });
    }
}

/// The name of an opaque shape, in quotes.
const fn push_opaque(text: &mut Message, name: Text<'_>) {
    let name = if ends_with(name, b"?") { slice(name, 0, name.len() - 1) } else { name };
    text.push("\"");
    name.push_to(text);
    text.push("\"");
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

/// `removed(name = "old", ty = OldType, in = 2)`.
const fn push_removed(
    text: &mut Message,
    name: Text<'_>,
    change: &Change<'_>,
    next: u64,
    both: &Both<'_>,
) {
    text.push("removed(name = \"");
    unquoted(name).push_to(text);
    text.push("\", ty = ");
    text.push(OLD_TYPE);
    text.push(", in = ");
    text.push_number(next);
    if let Some(then) = &change.locked
        && begins_with(then.head, b"opaque ")
    {
        text.push(", opaque = ");
        push_opaque(text, slice(then.head, 7, then.head.len()));
    }
    if let Some(then) = &change.locked
        && (!then.aliases.is_empty() || !own_default(&both.pairs.locked, then).is_empty())
    {
        text.push(", serde(");
        push_words(text, then, both);
        text.push(")");
    }
    text.push(")");
}

/// The `default` and the aliases that were locked of a field, as attributes of serde.
const fn push_words(text: &mut Message, then: &Line<'_>, both: &Both<'_>) {
    let default = own_default(&both.pairs.locked, then);
    default.push_to(text);
    let (mut start, mut is_first) = (0, default.is_empty());
    while start < then.aliases.len() {
        let end = name_end(then.aliases, start + 1, b"/");
        text.push(if is_first { "alias = \"" } else { ", alias = \"" });
        unquoted(slice(then.aliases, start + 1, end)).push_to(text);
        text.push("\"");
        (start, is_first) = (end, false);
    }
}

/// How the event goes one version up.
const fn push_next(text: &mut Message, changed: &Changed<'_>) {
    text.push("`version = ");
    text.push_number(changed.event.version as u64 + 1);
    text.push("` in the `#[event(…)]` of `");
    text.push(changed.ident);
    text.push("`");
}

/// What can be done about every change.
const fn push_struct_kept(text: &mut Message, changed: &Changed<'_>) {
    text.push("\nor:     keep a copy of the struct as it was, with its attributes and what it holds, as `");
    push_old_struct(text, changed);
    text.push("`; write `version = ");
    text.push_number(changed.event.version as u64 + 1);
    text.push(", from = ");
    push_old_struct(text, changed);
    text.push("` in the `#[event(…)]` of `");
    text.push(changed.ident);
    text.push("`, and `impl Upcast<");
    push_old_struct(text, changed);
    text.push("> for ");
    text.push(changed.ident);
    text.push(" { fn upcast(old: ");
    push_old_struct(text, changed);
    text.push(") -> Self { … } }`");
}

const fn push_old_struct(text: &mut Message, changed: &Changed<'_>) {
    text.push(changed.ident);
    text.push("V");
    text.push_number(changed.event.version as u64);
}

pub(super) const fn push_quoted_path(text: &mut Message, path: Text<'_>) {
    text.push("`");
    if path.is_empty() {
        text.push("(the payload)");
    } else if begins_with(path, b".") {
        slice(path, 1, path.len()).push_to(text);
    } else {
        path.push_to(text);
    }
    text.push("`");
}

pub(super) const fn path_of<'a>(change: &Change<'a>) -> Text<'a> {
    match (&change.now, &change.locked) {
        (Some(line), _) | (None, Some(line)) => line.path,
        (None, None) => Text::EMPTY,
    }
}

/// What has a place of this path, when it is one of a tuple within the payload.
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

/// Whether the path is that of a variant which has fields, and not of a value.
const fn is_of_a_variant(path: Text<'_>, lines: &Lines<'_>) -> bool {
    let Some(at) = lines.of_path(path) else { return false };
    let head = lines.line(at).head;
    head.is(b"fields") || head.is(b"places")
}

/// Returns true if a head is that of an enum whose variants are told by a tag beside their fields.
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

/// A name without the quotes that a lock writes it in; they are written beside it.
const fn unquoted(name: Text<'_>) -> Text<'_> {
    let is_quoted = name.len() >= 2 && name.byte(0) == b'"';
    if is_quoted { slice(name, 1, name.len() - 1) } else { name }
}
