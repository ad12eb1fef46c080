//! What became of a shape, by the outlines of then and now.

use super::line::{
    Line, Lines, begins_with, ends_with, equal, has_alias, has_aliases, is_variant_step, slice,
    split,
};
use super::rule::Rule;

/// What is first found to differ, and whether a reader of old payloads survives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) rule: Rule,
    /// The line that was locked, if there is one.
    pub(crate) locked: Option<Line<'a>>,
    /// The line that stands there now, if there is one.
    pub(crate) now: Option<Line<'a>>,
}

/// The first change that breaks, or else the first that does not; `None` when nothing differs.
pub(crate) const fn compare<'a>(locked: &'a [u8], now: &'a [u8]) -> Option<Change<'a>> {
    let (locked, now) = (Lines::new(locked), Lines::new(now));
    let (locked, now) = (locked.as_slice(), now.as_slice());
    if locked.is_empty() || now.is_empty() {
        return None;
    }
    let mut comparison = Comparison { locked, now, compatible: None };
    match comparison.node(locked[0], now[0]) {
        Some(breaking) => Some(breaking),
        None => comparison.compatible,
    }
}

struct Comparison<'l, 'a> {
    locked: &'l [Line<'a>],
    now: &'l [Line<'a>],
    compatible: Option<Change<'a>>,
}

impl<'a> Comparison<'_, 'a> {
    /// What breaks in one value, or below it.
    const fn node(&mut self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        if let Some(rule) = change_of_head(locked.head, now.head) {
            let change = Change { rule, locked: Some(locked), now: Some(now) };
            if !rule.is_compatible() {
                return Some(change);
            }
            self.found(change);
            // What it was made of is of no matter to `any`.
            if matches!(rule, Rule::BecameAny) {
                return None;
            }
        }
        if locked.optional && !now.optional {
            return Some(Change { rule: Rule::NowRequired, locked: Some(locked), now: Some(now) });
        }
        if now.optional && !locked.optional {
            self.found(Change { rule: Rule::MayBeAbsent, locked: Some(locked), now: Some(now) });
        }
        match self.parts_then(locked, now) {
            Some(breaking) => Some(breaking),
            None => self.parts_now(locked, now),
        }
    }

    /// Looks for each part that was locked.
    const fn parts_then(&mut self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut at = 0;
        while at < self.locked.len() {
            let part = self.locked[at];
            at += 1;
            if !part.is_part_of(locked.path) {
                continue;
            }
            let Some(counterpart) = self.counterpart_now(part, now.path) else {
                let rule = removal(part);
                return Some(Change { rule, locked: Some(part), now: None });
            };
            let (name, new_name) = (split(part.path).name, split(counterpart.path).name);
            if !has_aliases(counterpart.aliases, new_name, part.aliases) {
                let rule = Rule::AliasRemoved;
                return Some(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
            if !equal(name, new_name) {
                let rule = Rule::RenamedWithAlias;
                self.found(Change { rule, locked: Some(part), now: Some(counterpart) });
            } else if !has_aliases(part.aliases, name, counterpart.aliases) {
                let rule = Rule::AliasAdded;
                self.found(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
            if let Some(breaking) = self.node(part, counterpart) {
                return Some(breaking);
            }
        }
        None
    }

    /// Looks for each part that is new.
    const fn parts_now(&mut self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut at = 0;
        while at < self.now.len() {
            let part = self.now[at];
            at += 1;
            if !part.is_part_of(now.path) || self.has_counterpart_then(part, locked.path) {
                continue;
            }
            let rule = addition(part);
            let change = Change { rule, locked: None, now: Some(part) };
            if !rule.is_compatible() {
                return Some(change);
            }
            self.found(change);
        }
        None
    }

    /// What reads today what `part` was stored as.
    const fn counterpart_now(&self, part: Line<'a>, parent: &[u8]) -> Option<Line<'a>> {
        let mut at = 0;
        let mut by_alias = None;
        while at < self.now.len() {
            let other = self.now[at];
            at += 1;
            if !other.is_part_of(parent) || !equal(split(other.path).step, split(part.path).step) {
                continue;
            }
            if equal(split(other.path).name, split(part.path).name) {
                return Some(other);
            }
            if has_alias(other.aliases, split(part.path).name) {
                by_alias = Some(other);
            }
        }
        by_alias
    }

    const fn has_counterpart_then(&self, part: Line<'_>, parent: &[u8]) -> bool {
        let path = split(part.path);
        let mut at = 0;
        while at < self.locked.len() {
            let other = self.locked[at];
            at += 1;
            if !other.is_part_of(parent) {
                continue;
            }
            let then = split(other.path);
            if equal(then.step, path.step)
                && (equal(then.name, path.name) || has_alias(part.aliases, then.name))
            {
                return true;
            }
        }
        false
    }

    const fn found(&mut self, change: Change<'a>) {
        if self.compatible.is_none() {
            self.compatible = Some(change);
        }
    }
}

const fn is_variant(line: Line<'_>) -> bool {
    is_variant_step(split(line.path).step)
}

const fn removal(part: Line<'_>) -> Rule {
    if is_variant(part) { Rule::VariantRemoved } else { Rule::FieldRemoved }
}

const fn addition(part: Line<'_>) -> Rule {
    if is_variant(part) {
        Rule::VariantAdded
    } else if part.optional || ends_with(part.head, b"?") {
        // serde reads an `Option` that is absent as `None`.
        Rule::OptionalFieldAdded
    } else {
        Rule::FieldAdded
    }
}

/// What became of a value, apart from what it is made of; `None` when that is as it was.
const fn change_of_head(locked: &[u8], now: &[u8]) -> Option<Rule> {
    if equal(locked, now) {
        return None;
    }
    if equal(now, b"any") {
        return Some(Rule::BecameAny);
    }
    if ends_with(locked, b"?") {
        if !ends_with(now, b"?") {
            return Some(Rule::NoLongerNull);
        }
        return change_of_head(without_end(locked), without_end(now));
    }
    if ends_with(now, b"?") {
        return match change_of_head(locked, without_end(now)) {
            Some(rule) if !rule.is_compatible() => Some(rule),
            _ => Some(Rule::MayBeNull),
        };
    }
    if let (Some(then), Some(is)) = (list_item(locked), list_item(now)) {
        let rule = change_of_head(then.0, is.0);
        return match rule {
            Some(rule) if !rule.is_compatible() => Some(rule),
            _ if is.1.is_empty() && !then.1.is_empty() => Some(Rule::AnyLength),
            _ if !equal(is.1, then.1) => Some(Rule::TypeChanged),
            rule => rule,
        };
    }
    if begins_with(locked, b"map<") && begins_with(now, b"map<") {
        let ((key, value), (key_now, value_now)) = (map_parts(locked), map_parts(now));
        return match change_of_head(key, key_now) {
            Some(rule) if !rule.is_compatible() => Some(rule),
            key => match change_of_head(value, value_now) {
                Some(rule) => Some(rule),
                None => key,
            },
        };
    }
    Some(change_of_leaf(locked, now))
}

const fn change_of_leaf(locked: &[u8], now: &[u8]) -> Rule {
    match (number(locked), number(now)) {
        (Some((kind, bits)), Some((kind_now, bits_now))) => {
            let is_wider = match (kind, kind_now) {
                (b'u', b'u') | (b'i', b'i') | (b'f', b'f') => bits_now > bits,
                (b'u', b'i') => bits_now > bits,
                _ => false,
            };
            return if is_wider { Rule::WiderNumber } else { Rule::NarrowerNumber };
        }
        (Some(_), None) | (None, Some(_)) => return Rule::TypeChanged,
        (None, None) => {}
    }
    if begins_with(now, b"closed ") && equal(slice(now, 7, now.len()), locked) {
        return Rule::NowClosed;
    }
    if begins_with(locked, b"closed ") && equal(slice(locked, 7, locked.len()), now) {
        return Rule::NoLongerClosed;
    }
    if is_enum(locked) && is_enum(now) {
        return Rule::OtherRepresentation;
    }
    if equal(now, b"string") && is_text(locked) {
        return Rule::AnyText;
    }
    Rule::TypeChanged
}

const fn is_enum(head: &[u8]) -> bool {
    begins_with(head, b"enum") || begins_with(head, b"closed enum")
}

/// Whether it is written as a string: a format has a name of its own, and all other words are known.
const fn is_text(head: &[u8]) -> bool {
    !head.is_empty()
        && !equal(head, b"null")
        && !equal(head, b"bool")
        && !equal(head, b"any")
        && !equal(head, b"tuple")
        && !equal(head, b"places")
        && !equal(head, b"fields")
        && !begins_with(head, b"[")
        && !begins_with(head, b"map<")
        && !begins_with(head, b"struct")
        && !begins_with(head, b"closed ")
        && !begins_with(head, b"enum")
        && !begins_with(head, b"opaque ")
}

/// The kind and the width of a number, as in `u16`.
const fn number(head: &[u8]) -> Option<(u8, u32)> {
    if head.len() < 2 || !(head[0] == b'i' || head[0] == b'u' || head[0] == b'f') {
        return None;
    }
    let (mut bits, mut i) = (0, 1);
    while i < head.len() {
        if !head[i].is_ascii_digit() || i > 3 {
            return None;
        }
        bits = bits * 10 + (head[i] - b'0') as u32;
        i += 1;
    }
    Some((head[0], bits))
}

const fn without_end(head: &[u8]) -> &[u8] {
    slice(head, 0, head.len() - 1)
}

/// The item of `[item]` or `[item; length]`, and the length.
const fn list_item(head: &[u8]) -> Option<(&[u8], &[u8])> {
    if !begins_with(head, b"[") || !ends_with(head, b"]") {
        return None;
    }
    let inner = slice(head, 1, head.len() - 1);
    let mut i = inner.len();
    while i > 0 {
        i -= 1;
        if inner[i] == b';' {
            let number = i + 2;
            let number = if number < inner.len() { number } else { inner.len() };
            return Some((slice(inner, 0, i), slice(inner, number, inner.len())));
        }
        if !inner[i].is_ascii_digit() && inner[i] != b' ' {
            break;
        }
    }
    Some((inner, &[]))
}

/// The key and the value of `map<key, value>`.
const fn map_parts(head: &[u8]) -> (&[u8], &[u8]) {
    let inner = slice(head, 4, head.len() - 1);
    let (mut depth, mut i) = (0, 0);
    while i < inner.len() {
        match inner[i] {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' | b')' | b']' => depth -= 1,
            b',' if depth == 0 => {
                let value = if i + 2 <= inner.len() { i + 2 } else { inner.len() };
                return (slice(inner, 0, i), slice(inner, value, inner.len()));
            }
            _ => {}
        }
        i += 1;
    }
    (inner, &[])
}
