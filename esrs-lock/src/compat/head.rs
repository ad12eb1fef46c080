//! The change of a value, by its head alone: `[u8?]`, `map<string, i64>`.

use super::rule::Rule;
use crate::outline::{Text, begins_with, ends_with, equal, slice};

/// Returns true if the parts of `step` are the places of a tuple.
pub(super) const fn is_tuple(head: Text<'_>, step: Text<'_>) -> bool {
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

/// The loss of a value that is read as `any` JSON: numbers of 128 bits are rounded, and the content of an
/// opaque one is not known.
pub(super) const fn loss_in_any(head: Text<'_>) -> Option<Rule> {
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
const fn change_of_key(locked: Text<'_>, now: Text<'_>) -> Option<Rule> {
    let is_written_out = number(without_zero(locked)).is_some() || locked.is(b"bool");
    if now.is(b"string") && is_written_out {
        return Some(Rule::AnyText);
    }
    change_of_head(locked, now)
}

/// Returns true if each id whose text was locked by the first word is the same one by the second.
pub const fn is_id_kept(locked: &str, now: &str) -> bool {
    match change_of_key(Text::of(locked.as_bytes()), Text::of(now.as_bytes())) {
        Some(rule) => rule.is_compatible(),
        None => true,
    }
}

/// The change of a value without its parts; `None` if there is none.
pub(super) const fn change_of_head(locked: Text<'_>, now: Text<'_>) -> Option<Rule> {
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

/// Returns true if it is written as a string: a format has a name of its own, and all other words are known.
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
