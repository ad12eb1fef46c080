//! What became of a shape, by the outlines of then and now.

use super::absent::{Absent, has_steps};
use super::line::{
    Line, Lines, Text, begins_with, ends_with, equal, has_alias, has_aliases, name_end, slice,
};
use super::pairs::Pairs;
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
pub(crate) const fn compare<'a>(pairs: &Pairs<'a>) -> Option<Change<'a>> {
    let Pairs { locked, now, .. } = pairs;
    if locked.len() == 0 || now.len() == 0 {
        return None;
    }
    let mut comparison = Comparison { pairs, locked, now, compatible: None, heads: None };
    match comparison.node(locked.line(0), now.line(0), None) {
        Some(breaking) => Some(breaking),
        None => comparison.compatible,
    }
}

struct Comparison<'l, 'a> {
    pairs: &'l Pairs<'a>,
    locked: &'l Lines<'a>,
    now: &'l Lines<'a>,
    compatible: Option<Change<'a>>,
    /// The heads that were compared last: most changes are alike.
    heads: Option<Heads<'a>>,
}

/// The heads of a pair of lines, and the change from one to the other.
#[derive(Clone, Copy)]
struct Heads<'a> {
    locked: Text<'a>,
    now: Text<'a>,
    rule: Option<Rule>,
    /// True if lines of these heads without anything else need no other look once the change was found.
    is_whole_change: bool,
}

impl<'a> Comparison<'_, 'a> {
    /// The change that breaks in one value, or below it; `of` is the head of what it was locked as a part of.
    const fn node(
        &mut self,
        locked: Line<'a>,
        now: Line<'a>,
        of: Option<Text<'a>>,
    ) -> Option<Change<'a>> {
        if let Some(rule) = self.change_of_heads(locked.head, now.head) {
            let change = Change { rule, locked: Some(locked), now: Some(now) };
            if !rule.is_compatible() {
                return Some(change);
            }
            self.found(change);
        }
        let absence = match self.absence(&locked, &now) {
            Some(rule) if is_field(of, locked, now) => Some(rule),
            _ => None,
        };
        if let Some(rule) = absence
            && !rule.is_compatible()
        {
            return Some(Change { rule, locked: Some(locked), now: Some(now) });
        }
        if now.head.is(b"any") && !locked.head.is(b"any") {
            return self.lost_in_any(locked, now);
        }
        if let Some(rule) = absence {
            self.found(Change { rule, locked: Some(locked), now: Some(now) });
        }
        match self.parts_then(locked, now) {
            Some(breaking) => Some(breaking),
            None => self.parts_now(locked, now),
        }
    }

    /// The change of how an absent field is read. The steps alone have what one `default` or another says, and
    /// older locks lack them.
    const fn absence(&self, locked: &Line<'a>, now: &Line<'a>) -> Option<Rule> {
        if !locked.optional
            && !now.optional
            && locked.required == now.required
            && equal(locked.head, now.head)
        {
            return None;
        }
        if locked.optional
            && now.optional
            && (equal(locked.head, now.head) || !has_steps(self.locked))
        {
            return None;
        }
        let (then, is) = (Absent::of(self.locked, locked), Absent::of(self.now, now));
        match (then, is) {
            (Absent::Refused, Absent::Refused) => None,
            (Absent::Refused, _) => Some(Rule::MayBeAbsent),
            (_, Absent::Refused) => Some(Rule::NowRequired),
            _ if !then.is_same(is) => Some(Rule::AbsentChanged),
            _ if locked.optional != now.optional => Some(Rule::AbsentIsNone),
            _ => None,
        }
    }

    /// Looks for each part that was locked.
    const fn parts_then(&mut self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut next = self.locked.first_part(locked.at);
        while let Some(at) = next {
            next = self.locked.next_part(at);
            if let Some(peer) = self.pairs.now_of(at)
                && let Some(above) = self.now.above(peer)
                && above == now.at
                && self.pairs.is_same(at)
            {
                continue;
            }
            if self.differs_as_the_last(at, now.at) {
                continue;
            }
            let part = self.locked.line(at);
            let Some(counterpart) = self.counterpart_now(&part, now.at) else {
                let rule = removal(part);
                return Some(Change { rule, locked: Some(part), now: None });
            };
            let counterpart = self.now.line(counterpart);
            // Of a pair, which has one name, only aliases may differ.
            let is_pair = match self.pairs.now_of(at) {
                Some(peer) => peer == counterpart.at,
                None => false,
            };
            if is_pair && part.aliases.is_empty() && counterpart.aliases.is_empty() {
                if let Some(breaking) = self.node(part, counterpart, Some(locked.head)) {
                    return Some(breaking);
                }
                continue;
            }
            if self.is_merged(&part, locked.at, &counterpart) {
                let rule = Rule::NamesMerged;
                return Some(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
            let (name, new_name) = (part.name(), counterpart.name());
            let is_known = equal(name, new_name) || has_alias(part.aliases, new_name);
            let has_new_name = !is_known || !has_aliases(part.aliases, name, counterpart.aliases);
            if has_new_name && self.spreads(&part, locked.at) {
                let rule = Rule::TakenFromFlattened;
                return Some(Change { rule, locked: Some(part), now: Some(counterpart) });
            }
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
            if let Some(breaking) = self.node(part, counterpart, Some(locked.head)) {
                return Some(breaking);
            }
        }
        None
    }

    const fn change_of_heads(&mut self, locked: Text<'a>, now: Text<'a>) -> Option<Rule> {
        if let Some(last) = self.heads
            && equal(last.locked, locked)
            && equal(last.now, now)
        {
            return last.rule;
        }
        let rule = change_of_head(locked, now);
        let is_whole_change = matches!(rule, Some(rule) if rule.is_compatible())
            // An absent field is read as before, which counts for no place of a tuple.
            && ends_with(locked, b"?") == ends_with(now, b"?");
        self.heads = Some(Heads { locked, now, rule, is_whole_change });
        rule
    }

    /// Returns true if a locked line and its pair below `parent` differ as the lines compared last, in a way
    /// that was found already: const evaluation is slow.
    const fn differs_as_the_last(&self, at: usize, parent: usize) -> bool {
        let (Some(last), Some(peer)) = (self.heads, self.pairs.now_of(at)) else { return false };
        last.is_whole_change
            && self.locked.is_leaf_of(at, last.locked)
            && self.now.is_leaf_of(peer, last.now)
            && matches!(self.now.above(peer), Some(above) if above == parent)
    }

    /// Looks for each part that is new.
    const fn parts_now(&mut self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut next = self.now.first_part(now.at);
        while let Some(at) = next {
            next = self.now.next_part(at);
            if let Some(then) = self.pairs.locked_of(at)
                && let Some(above) = self.locked.above(then)
                && above == locked.at
            {
                continue;
            }
            let part = self.now.line(at);
            if self.has_counterpart_then(&part, locked.at) {
                continue;
            }
            let is_spread = !is_flattened(part) && self.spreads(&part, locked.at);
            let rule = if is_spread { Rule::TakenFromFlattened } else { addition(part, now) };
            let change = Change { rule, locked: None, now: Some(part) };
            if !rule.is_compatible() {
                return Some(change);
            }
            self.found(change);
        }
        None
    }

    /// Returns true if what `part` reads today was a part of `parent`.
    const fn has_counterpart_then(&self, part: &Line<'_>, parent: usize) -> bool {
        // A part of the same name would be its pair.
        if part.aliases.is_empty()
            && !is_flattened(*part)
            && let Some(above) = self.now.above(part.at)
            && let Some(then) = self.pairs.locked_of(above)
            && then == parent
        {
            return false;
        }
        if self.locked.named_as(parent, part).is_some() {
            return true;
        }
        let aliases = part.aliases;
        let mut start = 0;
        while start < aliases.len() {
            let end = name_end(aliases, start + 1, b"/");
            let alias = slice(aliases, start + 1, end);
            if self.locked.named_by_alias(parent, part, alias).is_some() {
                return true;
            }
            start = end;
        }
        false
    }

    /// What reads today what `part` was stored as.
    const fn counterpart_now(&self, part: &Line<'_>, parent: usize) -> Option<usize> {
        if !is_flattened(*part) {
            if let Some(peer) = self.pairs.now_of(part.at)
                && let Some(above) = self.now.above(peer)
                && above == parent
            {
                return Some(peer);
            }
            return self.now.reader_of(parent, part);
        }
        // Several flattened fields are told apart by their shapes alone.
        let (mut next, mut found) = (self.now.first_part(parent), None);
        while let Some(at) = next {
            let other = self.now.line(at);
            next = self.now.next_part(at);
            if is_flattened(other) && equal(other.step(), part.step()) {
                found = Some(at);
                if equal(other.head, part.head) {
                    return found;
                }
            }
        }
        found
    }

    /// Returns true if `counterpart` reads another part of `parent` too.
    const fn is_merged(&self, part: &Line<'_>, parent: usize, counterpart: &Line<'_>) -> bool {
        let aliases = counterpart.aliases;
        if aliases.is_empty() {
            return false;
        }
        let (mut name, mut start) = (counterpart.name(), 0);
        loop {
            if let Some(at) = self.locked.named_by_alias(parent, part, name)
                && at != part.at
            {
                return true;
            }
            if start >= aliases.len() {
                return false;
            }
            let end = name_end(aliases, start + 1, b"/");
            name = slice(aliases, start + 1, end);
            start = end;
        }
    }

    /// Returns true if a flattened field was locked beside `part`, which may hold whatever name.
    const fn spreads(&self, part: &Line<'_>, parent: usize) -> bool {
        match self.locked.named_by_alias(parent, part, Text::of(SPREAD)) {
            Some(at) => is_flattened(self.locked.line(at)),
            None => false,
        }
    }

    /// What `any` does not read as it was written, below a value.
    const fn lost_in_any(&self, locked: Line<'a>, now: Line<'a>) -> Option<Change<'a>> {
        let mut next = self.locked.first_part(locked.at);
        while let Some(at) = next {
            let part = self.locked.line(at);
            next = self.locked.next_part(at);
            if let Some(rule) = loss_in_any(part.head) {
                return Some(Change { rule, locked: Some(part), now: Some(now) });
            }
            if let Some(below) = self.lost_in_any(part, now) {
                return Some(below);
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

/// Returns true for a field of an object, which may be left out; `of` is the head of what it is a part of.
const fn is_field(of: Option<Text<'_>>, locked: Line<'_>, now: Line<'_>) -> bool {
    let Some(of) = of else { return false };
    // Whether a flattened field may be absent was not always locked.
    let is_spread = is_flattened(locked) && is_flattened(now);
    !is_spread && !locked.is_variant() && !is_tuple(of, locked.step())
}

const fn removal(part: Line<'_>) -> Rule {
    if part.is_variant() { Rule::VariantRemoved } else { Rule::FieldRemoved }
}

const fn addition(part: Line<'_>, parent: Line<'_>) -> Rule {
    if part.is_variant() {
        Rule::VariantAdded
    } else if is_tuple(parent.head, part.step()) {
        // serde reads a tuple of its own length alone, whatever is in its places.
        Rule::FieldAdded
    } else if may_be_absent(part) {
        Rule::OptionalFieldAdded
    } else {
        Rule::FieldAdded
    }
}

/// The name of all the fields of a `flatten`.
const SPREAD: &[u8] = b"\"*\"";

/// Returns true if it stands for all the fields of a `flatten`.
const fn is_flattened(part: Line<'_>) -> bool {
    part.name().is(SPREAD) && begins_with(part.head, b"opaque ")
}

/// Returns true if serde reads it when it is absent: an `Option` as `None`.
const fn may_be_absent(part: Line<'_>) -> bool {
    part.optional || (ends_with(part.head, b"?") && !part.required)
}

/// Returns true if the parts of `step` are the places of a tuple.
const fn is_tuple(head: Text<'_>, step: Text<'_>) -> bool {
    let (mut head, mut step) = (head, step);
    loop {
        while ends_with(head, b"?") {
            head = without_end(head);
        }
        if step.len() < 2 {
            return head.is(b"tuple") || head.is(b"places");
        }
        head = match (list_item(head), set_item(head)) {
            (Some((item, _)), _) | (None, Some(item)) => item,
            (None, None) if begins_with(head, b"map<") => {
                let (key, value) = map_parts(head);
                if step.byte(0) == b'<' { key } else { value }
            }
            (None, None) => return false,
        };
        step = step.from(2);
    }
}

/// What becomes of a value that is read as `any` JSON: numbers of 128 bits are rounded, and nobody knows
/// what is in an opaque one.
const fn loss_in_any(head: Text<'_>) -> Option<Rule> {
    let mut at = 0;
    while at < head.len() {
        let rest = head.from(at);
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

/// Compares the keys of a map, which are text on the wire.
pub(super) const fn change_of_key(locked: Text<'_>, now: Text<'_>) -> Option<Rule> {
    let is_written_out = number(without_zero(locked)).is_some() || locked.is(b"bool");
    if now.is(b"string") && is_written_out {
        return Some(Rule::AnyText);
    }
    change_of_head(locked, now)
}

/// What became of a value, apart from what it is made of; `None` when that is as it was.
const fn change_of_head(locked: Text<'_>, now: Text<'_>) -> Option<Rule> {
    if equal(locked, now) {
        return None;
    }
    if now.is(b"any") {
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
            if let Some((item, length)) = list_item(now)
                && length.is_empty()
            {
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

const fn change_of_leaf(locked: Text<'_>, now: Text<'_>) -> Rule {
    match (number(without_zero(locked)), number(without_zero(now))) {
        (Some((kind, bits)), Some((kind_now, bits_now))) => {
            if is_nonzero(now) && !is_nonzero(locked) {
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
    if now.is(b"string") && is_text(locked) {
        return Rule::AnyText;
    }
    Rule::TypeChanged
}

const fn is_enum(head: Text<'_>) -> bool {
    begins_with(head, b"enum") || begins_with(head, b"closed enum")
}

/// Whether it is written as a string: a format has a name of its own, and all other words are known.
const fn is_text(head: Text<'_>) -> bool {
    !head.is_empty()
        && !head.is(b"null")
        && !head.is(b"bool")
        && !head.is(b"any")
        && !head.is(b"tuple")
        && !head.is(b"places")
        && !head.is(b"fields")
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
const fn number(head: Text<'_>) -> Option<(u8, u32)> {
    if head.len() < 2 || !(head.byte(0) == b'i' || head.byte(0) == b'u' || head.byte(0) == b'f') {
        return None;
    }
    let (mut bits, mut i) = (0, 1);
    while i < head.len() {
        if !head.byte(i).is_ascii_digit() || i > 3 {
            return None;
        }
        bits = bits * 10 + (head.byte(i) - b'0') as u32;
        i += 1;
    }
    Some((head.byte(0), bits))
}

const fn is_nonzero(head: Text<'_>) -> bool {
    begins_with(head, b"nonzero ")
}

const fn without_zero(head: Text<'_>) -> Text<'_> {
    if is_nonzero(head) { head.from(8) } else { head }
}

/// The item of `set<item>`.
const fn set_item(head: Text<'_>) -> Option<Text<'_>> {
    if begins_with(head, b"set<") && ends_with(head, b">") {
        Some(slice(head, 4, head.len() - 1))
    } else {
        None
    }
}

const fn without_end(head: Text<'_>) -> Text<'_> {
    slice(head, 0, head.len() - 1)
}

/// The item of `[item]` or `[item; length]`, and the length.
const fn list_item(head: Text<'_>) -> Option<(Text<'_>, Text<'_>)> {
    if !begins_with(head, b"[") || !ends_with(head, b"]") {
        return None;
    }
    let inner = slice(head, 1, head.len() - 1);
    let mut i = inner.len();
    while i > 0 {
        i -= 1;
        if inner.byte(i) == b';' {
            let number = i + 2;
            let number = if number < inner.len() { number } else { inner.len() };
            return Some((slice(inner, 0, i), slice(inner, number, inner.len())));
        }
        if !inner.byte(i).is_ascii_digit() && inner.byte(i) != b' ' {
            break;
        }
    }
    Some((inner, Text::EMPTY))
}

/// The key and the value of `map<key, value>`.
const fn map_parts(head: Text<'_>) -> (Text<'_>, Text<'_>) {
    let inner = slice(head, 4, head.len() - 1);
    let (mut depth, mut i) = (0, 0);
    while i < inner.len() {
        match inner.byte(i) {
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
    (inner, Text::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::super::first_change;
    use super::*;

    /// Forms of one field, which lead from each to each.
    const FORMS: &[&[&str]] = &[
        &[".c: u32"],
        &[".c: u64"],
        &[".c?: u32"],
        &[".c?: u64"],
        &[".c!: u32?"],
        &[".c: u32?"],
        &[".c: u64?"],
        &[".c/d: u32"],
        &[".c/d: u64"],
        &[".c: any"],
        &[".c: opaque u32"],
        &[".c: struct", ".c.e: u32"],
        &[".c: struct", ".c.e: u64"],
        &[".c: struct", ".c.e: string"],
        &[".c: struct", ".c.e: u64", ".c.f: u8"],
        &[],
    ];

    fn rule(locked: &[&str], now: &[&str]) -> Option<Rule> {
        first_change(locked, now).map(|change| change.rule)
    }

    #[test]
    fn change_breaks_behind_others_that_are_alike_as_it_does_alone() {
        for (then, is) in FORMS.iter().flat_map(|then| FORMS.iter().map(move |is| (then, is))) {
            let alone = rule(&[&["struct"], *then].concat(), &[&["struct"], *is].concat());
            for (number, wider) in [("u32", "u64"), ("u32", "u32?"), ("u32?", "u64?")] {
                let of = |number, form: &&[&'static str]| {
                    let [a, b] = [format!(".a: {number}"), format!(".b: {number}")];
                    let first = ["struct", &a, &b];
                    first
                        .into_iter()
                        .chain(form.iter().copied())
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                };
                let expected = match alone {
                    Some(rule) if !rule.is_compatible() => Some(rule),
                    _ => rule(
                        &["struct", &format!(".a: {number}")],
                        &["struct", &format!(".a: {wider}")],
                    ),
                };
                let found = first_change(&of(number, then), &of(wider, is));
                assert_eq!(found.map(|change| change.rule), expected, "{then:?} became {is:?}");
            }
        }
    }
    #[test]
    fn field_that_may_not_be_absent_any_more_breaks_behind_a_place_that_is_alike() {
        let of = |head| [".t.0", ".c"].map(|path| format!("{path}: {head}"));
        let lines = |head| [&["struct".to_owned(), ".t: tuple".to_owned()], &of(head)[..]].concat();
        let change = first_change(&lines("string?"), &lines("any")).unwrap();
        assert_eq!((change.rule, change.path.as_str()), (Rule::NowRequired, ".c"));
    }
}
