//! The comparison of a locked outline with the one of today.

use super::absent::{Absent, has_steps};
use super::head::{change_of_head, is_tuple, loss_in_any};
use super::rule::Rule;
use crate::outline::{
    Line, Lines, Pairs, Text, begins_with, ends_with, equal, has_alias, has_aliases, name_end,
    slice,
};

/// The first difference, and its effect on readers of old payloads.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The kind of change.
    pub rule: Rule,
    /// The line that was locked, if there is one.
    pub locked: Option<Line<'a>>,
    /// The line that stands there now, if there is one.
    pub now: Option<Line<'a>>,
}

/// The first change that breaks, or else the first that does not; `None` when nothing differs.
pub const fn compare<'a>(pairs: &Pairs<'a>) -> Option<Change<'a>> {
    let Pairs { locked, now, .. } = pairs;
    if locked.count() == 0 || now.count() == 0 {
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

    /// The part of today that reads a stored `part`.
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

    /// Returns true if a flattened field was locked next to `part`, which may hold whatever name.
    const fn spreads(&self, part: &Line<'_>, parent: usize) -> bool {
        match self.locked.named_by_alias(parent, part, Text::of(SPREAD)) {
            Some(at) => is_flattened(self.locked.line(at)),
            None => false,
        }
    }

    /// The first part below a value that `any` does not read as it was written.
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
