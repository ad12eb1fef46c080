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
        }
        // Whether a flattened field may be absent was not always locked.
        let is_spread = is_flattened(locked) && is_flattened(now);
        let is_lost =
            (may_be_absent(locked) && !may_be_absent(now)) || (locked.optional && !now.optional);
        if is_lost && !is_spread {
            return Some(Change { rule: Rule::NowRequired, locked: Some(locked), now: Some(now) });
        }
        if equal(now.head, b"any") && !equal(locked.head, b"any") {
            return self.lost_in_any(locked, now);
        }
        let is_gained =
            (may_be_absent(now) && !may_be_absent(locked)) || (now.optional && !locked.optional);
        if is_gained && !is_spread {
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
            if self.is_merged(part, locked.path, counterpart) {
                let rule = Rule::NamesMerged;
                return Some(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
            if self.is_in_flattened(part.path, locked.path, counterpart) {
                let rule = Rule::TakenFromFlattened;
                return Some(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
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
            let is_spread = self.spreads(part.path, locked.path) && !is_flattened(part);
            let rule = if is_spread { Rule::TakenFromFlattened } else { addition(part, now) };
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
                // Several flattened fields are told apart by their shapes alone.
                if is_flattened(part) && !equal(other.head, part.head) {
                    by_alias = Some(other);
                    continue;
                }
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

    /// Returns true if `counterpart` reads another part that was locked, too.
    const fn is_merged(&self, part: Line<'a>, parent: &[u8], counterpart: Line<'a>) -> bool {
        let path = split(part.path);
        let mut at = 0;
        while at < self.locked.len() {
            let other = self.locked[at];
            at += 1;
            if !other.is_part_of(parent) || equal(other.path, part.path) {
                continue;
            }
            let then = split(other.path);
            let is_read = equal(then.name, split(counterpart.path).name)
                || has_alias(counterpart.aliases, then.name);
            if equal(then.step, path.step) && is_read {
                return true;
            }
        }
        false
    }

    /// Returns true if `now` is read by a name that it was not locked with, and a flattened field of the same
    /// object may hold that name.
    const fn is_in_flattened(&self, part: &[u8], parent: &[u8], now: Line<'a>) -> bool {
        if !self.spreads(part, parent) {
            return false;
        }
        let mut at = 0;
        while at < self.locked.len() {
            if equal(self.locked[at].path, part) {
                let (name, new_name) = (split(part).name, split(now.path).name);
                let then = self.locked[at].aliases;
                let is_known = equal(name, new_name) || has_alias(then, new_name);
                return !is_known || !has_aliases(then, name, now.aliases);
            }
            at += 1;
        }
        false
    }

    /// Returns true if a flattened field was locked beside the part of this path.
    const fn spreads(&self, part: &[u8], parent: &[u8]) -> bool {
        let step = split(part).step;
        let mut at = 0;
        while at < self.locked.len() {
            let other = self.locked[at];
            at += 1;
            if is_flattened(other)
                && other.is_part_of(parent)
                && equal(split(other.path).step, step)
            {
                return true;
            }
        }
        false
    }

    /// What `any` does not read as it was written, in or below a value.
    const fn lost_in_any(&self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut at = 0;
        while at < self.locked.len() {
            let part = self.locked[at];
            at += 1;
            if is_below(part.path, locked.path)
                && let Some(rule) = loss_in_any(part.head)
                && !rule.is_compatible()
            {
                return Some(Change { rule, locked: Some(part), now: Some(now) });
            }
        }
        None
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

const fn addition(part: Line<'_>, parent: Line<'_>) -> Rule {
    if is_variant(part) {
        Rule::VariantAdded
    } else if is_tuple(parent.head, split(part.path).step) {
        // serde reads a tuple of its own length alone, whatever is in its places.
        Rule::FieldAdded
    } else if may_be_absent(part) {
        Rule::OptionalFieldAdded
    } else {
        Rule::FieldAdded
    }
}

/// Returns true if serde reads it when it is absent: an `Option` as `None`.
const fn may_be_absent(part: Line<'_>) -> bool {
    part.optional || (ends_with(part.head, b"?") && !part.required)
}

/// Returns true if it stands for all the fields of a `flatten`.
const fn is_flattened(part: Line<'_>) -> bool {
    equal(split(part.path).name, b"\"*\"") && begins_with(part.head, b"opaque ")
}

/// Returns true if a path leads to what has the other, or to a part of it.
const fn is_below(path: &[u8], above: &[u8]) -> bool {
    begins_with(path, above)
        && (path.len() == above.len()
            || matches!(path[above.len()], b'.' | b'|' | b'[' | b'{' | b'<'))
}

/// Returns true if the parts of `step` are the places of a tuple.
const fn is_tuple(head: &[u8], step: &[u8]) -> bool {
    let (mut head, mut step) = (head, step);
    loop {
        while ends_with(head, b"?") {
            head = without_end(head);
        }
        if step.len() < 2 {
            return equal(head, b"tuple") || equal(head, b"places");
        }
        head = match (list_item(head), set_item(head)) {
            (Some((item, _)), _) | (None, Some(item)) => item,
            (None, None) if begins_with(head, b"map<") => {
                let (key, value) = map_parts(head);
                if step[0] == b'<' { key } else { value }
            }
            (None, None) => return false,
        };
        step = slice(step, 2, step.len());
    }
}

/// What becomes of a value that is read as `any` JSON: numbers of 128 bits are rounded, and nobody knows
/// what is in an opaque one.
const fn loss_in_any(head: &[u8]) -> Option<Rule> {
    let mut at = 0;
    while at < head.len() {
        let rest = slice(head, at, head.len());
        if begins_with(rest, b"i128") || begins_with(rest, b"u128") {
            return Some(Rule::NarrowerNumber);
        }
        if begins_with(rest, b"opaque ") {
            return Some(Rule::TypeChanged);
        }
        at += 1;
    }
    None
}

/// What became of the key of a map, which is text on the wire.
pub(super) const fn change_of_key(locked: &[u8], now: &[u8]) -> Option<Rule> {
    let is_written_out = number(without_zero(locked)).is_some() || equal(locked, b"bool");
    if equal(now, b"string") && is_written_out {
        return Some(Rule::AnyText);
    }
    change_of_head(locked, now)
}

/// What became of a value, apart from what it is made of; `None` when that is as it was.
const fn change_of_head(locked: &[u8], now: &[u8]) -> Option<Rule> {
    if equal(locked, now) {
        return None;
    }
    if equal(now, b"any") {
        // A variant without content is no content that is `null`.
        return match loss_in_any(locked) {
            None if locked.is_empty() => Some(Rule::TypeChanged),
            None => Some(Rule::BecameAny),
            rule => rule,
        };
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
    match (set_item(locked), set_item(now)) {
        (Some(then), Some(is)) => return change_of_head(then, is),
        (Some(then), None) => {
            if let Some((item, b"")) = list_item(now) {
                return match change_of_head(then, item) {
                    Some(rule) if !rule.is_compatible() => Some(rule),
                    _ => Some(Rule::MayRepeat),
                };
            }
        }
        (None, Some(is)) => {
            if let Some((item, _)) = list_item(locked) {
                return match change_of_head(item, is) {
                    Some(rule) if !rule.is_compatible() => Some(rule),
                    _ => Some(Rule::NowSet),
                };
            }
        }
        (None, None) => {}
    }
    if begins_with(locked, b"map<") && begins_with(now, b"map<") {
        let ((key, value), (key_now, value_now)) = (map_parts(locked), map_parts(now));
        return match change_of_key(key, key_now) {
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
    let (is_nonzero, is_nonzero_now) = (is_nonzero(locked), is_nonzero(now));
    match (number(without_zero(locked)), number(without_zero(now))) {
        (Some((kind, bits)), Some((kind_now, bits_now))) => {
            if !is_nonzero && is_nonzero_now {
                return Rule::NarrowerNumber;
            }
            let is_as_wide = kind == kind_now && bits == bits_now;
            let is_wider = match (kind, kind_now) {
                (b'u', b'u') | (b'i', b'i') | (b'f', b'f') => bits_now > bits,
                (b'u', b'i') => bits_now > bits,
                _ => false,
            };
            return if is_wider || is_as_wide { Rule::WiderNumber } else { Rule::NarrowerNumber };
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
        && !begins_with(head, b"set<")
        && !begins_with(head, b"nonzero ")
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

const fn is_nonzero(head: &[u8]) -> bool {
    begins_with(head, b"nonzero ")
}

const fn without_zero(head: &[u8]) -> &[u8] {
    if is_nonzero(head) { slice(head, 8, head.len()) } else { head }
}

/// The item of `set<item>`.
const fn set_item(head: &[u8]) -> Option<&[u8]> {
    if begins_with(head, b"set<") && ends_with(head, b">") {
        Some(slice(head, 4, head.len() - 1))
    } else {
        None
    }
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
