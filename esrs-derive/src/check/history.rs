//! Rules of a declared history: every version is told of, and nothing contradicts itself.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::{Data, Fields, LitStr};

use crate::attr::history::{Change, Removed, Version, What};
use crate::attr::serde;
use crate::errors::Errors;
use crate::model::history::{Body, Declared, Field, History, Past};

/// The version that the first declared step begins with; `None` when an error says why none can be told.
pub(crate) fn versions(
    declared: &Declared<'_>,
    bodies: &[Body<'_>],
    errors: &Errors,
) -> Option<u32> {
    let version = declared.version.as_ref().map_or(1, |(_, version)| *version);
    for body in bodies {
        part(&body.changes, declared, errors);
        for field in &body.fields {
            part(&field.changes, declared, errors);
            styled(field, body, declared, errors);
            retyped(field, errors);
            tried(field, declared, errors);
        }
        variant(body, declared, errors);
    }
    for removed in &declared.removed {
        gone(removed, declared, errors);
    }
    let told = told(declared, bodies);
    if !told.is_empty() {
        told_of(declared, bodies, errors);
    }
    if errors.count() > declared.mistakes {
        return None;
    }
    let oldest = match (&declared.from, told.first()) {
        // The step to this version stands in an `Upcast`.
        (Some(_), None) => return Some(version),
        (Some(_), Some(first)) => first - 1,
        (None, _) => 1,
    };
    explained(declared, &told, oldest, version, errors).then_some(oldest)
}

/// The versions in which anything happened.
fn told(declared: &Declared<'_>, bodies: &[Body<'_>]) -> BTreeSet<u32> {
    let changes = bodies.iter().flat_map(Body::changes).map(|change| change.version.number);
    let gone = declared.removed.iter().flat_map(|removed| {
        [Some(removed.version), removed.since].into_iter().flatten().map(|version| version.number)
    });
    // A removed field may have come in version 1, which needs no step.
    changes.chain(gone).filter(|version| *version > 1).collect()
}

/// Every version after the oldest is told of.
fn explained(
    declared: &Declared<'_>,
    told: &BTreeSet<u32>,
    oldest: u32,
    version: u32,
    errors: &Errors,
) -> bool {
    let untold: Vec<_> = (oldest + 1..=version).filter(|version| !told.contains(version)).collect();
    let (Some(first), Some((word, _))) = (untold.first(), &declared.version) else {
        return untold.is_empty();
    };
    let Declared { input, attribute, from, .. } = declared;
    let ident = &input.ident;
    let before = version - 1;
    let which = match untold.as_slice() {
        [_] => format!("version {first}"),
        [rest @ .., last] => {
            let rest: Vec<_> = rest.iter().map(ToString::to_string).collect();
            format!("versions {} and {last}", rest.join(", "))
        }
        [] => return true,
    };
    let by_hand = match (*attribute, from) {
        ("event", None) => format!(
            "; or keep the old struct, say as `{ident}V{before}`, and write `from = {ident}V{before}` and \
             `impl Upcast<{ident}V{before}> for {ident}`"
        ),
        _ => String::new(),
    };
    let (on, gone) = match input.data {
        Data::Enum(_) => ("a new variant, or `renamed(…)` on one that had another name", ""),
        _ => (
            "a new field, or `renamed(…)`, `retyped(…)` or `updated(…)` on an old one",
            ", or \
               `removed(…)` here",
        ),
    };
    let message = format!(
        "nothing declares what {which} of `{ident}` changed: write it where it happened, such as \
         `#[{attribute}(added(in = {first}, default = …))]` on {on}{gone}{by_hand}"
    );
    errors.on(word, message);
    false
}

/// Checks what stands on one field or variant, version by version.
fn part(changes: &[Change], declared: &Declared<'_>, errors: &Errors) {
    let added = changes.iter().find(|change| matches!(change.what, What::Added { .. }));
    for (i, change) in changes.iter().enumerate() {
        within(change.version, declared, errors);
        let word = &change.word;
        let number = change.version.number;
        if let Some(twin) = changes[..i].iter().find(|other| other.word == change.word)
            && (word == "added" || twin.version.number == number)
        {
            let message = match word == "added" {
                true => added_twice(twin.version, declared),
                false => {
                    format!("`{word}` is declared twice of version {number}; keep one of them")
                }
            };
            errors.on(word, message);
            continue;
        }
        if let Some(added) = added
            && word != "added"
            && number <= added.version.number
        {
            let message = format!(
                "this was added in version {}, so it cannot have changed in version {number}: correct one \
                 of the numbers",
                added.version.number
            );
            errors.at(change.version.span, message);
        }
        if word == "updated"
            && changes.iter().any(|other| other.word == "retyped" && other.version.number == number)
        {
            let message = format!(
                "in version {number} it is `retyped` too, and the function there makes the newest \
                 version of the type: drop `updated`"
            );
            errors.on(word, message);
        }
    }
    updated(changes, errors);
}

/// A field takes newer and newer versions of its type.
fn updated(changes: &[Change], errors: &Errors) {
    let mut held: Option<u32> = None;
    for change in changes {
        match &change.what {
            What::Updated { from } => {
                if held.is_some_and(|held| held >= from.number) {
                    let message = format!(
                        "`from` must grow: after `from = {}` this cannot hold version {}; correct one of \
                         the numbers",
                        held.unwrap_or_default(),
                        from.number
                    );
                    errors.at(from.span, message);
                }
                held = Some(from.number);
            }
            // It is of another type before.
            What::Retyped { .. } => held = None,
            What::Added { .. } | What::Renamed { .. } => {}
        }
    }
}

/// A step leads to one of the versions from 2.
fn within(version: Version, declared: &Declared<'_>, errors: &Errors) {
    let Declared { input, attribute, .. } = declared;
    let ident = &input.ident;
    let newest = declared.version.as_ref().map_or(1, |(_, version)| *version);
    let Version { number, span } = version;
    if number == 1 {
        let message = format!(
            "version 1 of `{ident}` is the first, and nothing changed in it: drop this, if it was so \
             from the start; otherwise write the version that it changed in, 2 or higher"
        );
        errors.at(span, message);
    } else if number > newest {
        let message = format!(
            "`{ident}` is at version {newest}: write `version = {number}` in the `#[{attribute}(…)]` \
             of the type, or correct this number"
        );
        errors.at(span, message);
    }
}

/// A place without a name is told by its number.
fn styled(field: &Field<'_>, body: &Body<'_>, declared: &Declared<'_>, errors: &Errors) {
    if matches!(body.style, Fields::Named(_)) {
        return;
    }
    let told = field.changes.iter().filter(|c| c.word == "added" || c.word == "renamed");
    for change in told {
        let message = format!(
            "a place of a tuple has no name, so only `retyped` and `updated` can be declared of it: {}",
            by_hand(declared)
        );
        errors.on(&change.word, message);
    }
}

/// Refuses a retyped field whose former attributes may have been about the older type.
fn retyped(field: &Field<'_>, errors: &Errors) {
    for change in &field.changes {
        let What::Retyped { had, .. } = &change.what else { continue };
        if had.serde.is_some() {
            continue;
        }
        let Past { serde, .. } = field.at(change.version.number);
        let of_type = serde.iter().find(|word| match word.name.as_str() {
            "with" | "serialize_with" | "deserialize_with" => true,
            "default" => word.tokens.to_string() != "default",
            _ => false,
        });
        if let Some(word) = of_type {
            let message = format!(
                "`#[serde({})]` is about the new type: declare what the field had before, such as \
                 `retyped(…, serde(default))`, or `serde()` for nothing",
                word.tokens
            );
            errors.on(&change.word, message);
        }
    }
}

/// Refuses `try_with` on a field that holds a payload type: it takes every older value.
fn tried(field: &Field<'_>, declared: &Declared<'_>, errors: &Errors) {
    if declared.attribute == "event" {
        return;
    }
    for word in field.changes.iter().filter_map(Change::tried) {
        let ident = &declared.input.ident;
        let message = format!(
            "a step of `{ident}` cannot refuse, since whatever holds one takes its older values \
             too: keep the old type, and let the event's own field say \
             `retyped(from = OldType, …, try_with = …)`; or write `with`, and give each old value a new one"
        );
        errors.on(word, message);
    }
}

/// A variant comes, or gets another name.
fn variant(body: &Body<'_>, declared: &Declared<'_>, errors: &Errors) {
    for change in &body.changes {
        let message = match &change.what {
            What::Added { default: Some(default) } => {
                errors.on(
                    default,
                    "no older payload has a variant that was added, so it needs no `default`",
                );
                continue;
            }
            What::Retyped { .. } | What::Updated { .. } => {
                let (word, attribute) = (&change.word, declared.attribute);
                let variant = body.variant.map(ToString::to_string).unwrap_or_default();
                format!(
                    "a variant has no type of its own: write it on a field in it, such as \
                     `{variant}(#[{attribute}({word}(…))] T)`"
                )
            }
            _ => continue,
        };
        errors.on(&change.word, message);
    }
}

fn gone(removed: &Removed, declared: &Declared<'_>, errors: &Errors) {
    within(removed.version, declared, errors);
    if let Some(since) = removed.since
        && since.number >= removed.version.number
    {
        let message = format!(
            "this was added in version {} and removed in version {}: it has to be added before it is \
             removed",
            since.number, removed.version.number
        );
        errors.at(since.span, message);
    }
    let message = match &declared.input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => return,
        Data::Struct(_) => format!(
            "a place of a tuple has no name, so `removed` cannot name it: {}",
            by_hand(declared)
        ),
        _ => format!(
            "old payloads may still have {:?}, and no attribute can say what it is now: keep the \
             variant; or {}",
            removed.name.value(),
            by_hand(declared)
        ),
    };
    errors.on(&removed.word, message);
}

/// Words the advice where no attribute can declare what changed.
fn by_hand(declared: &Declared<'_>) -> String {
    let ident = &declared.input.ident;
    let version = declared.version.as_ref().map_or(1, |(_, version)| *version);
    if declared.attribute == "event" {
        let old = format!("{ident}V{}", version.saturating_sub(1).max(1));
        return format!(
            "drop what is declared here, keep the old struct, say as `{old}`, and write `from = {old}` \
             and `impl Upcast<{old}> for {ident}`"
        );
    }
    let parameters = match declared.input.generics.params.is_empty() {
        true => "",
        false => "<…>",
    };
    format!(
        "drop what is declared here, with `version`, and write `impl{parameters} PastVersion<1> for \
         {ident}{parameters} {{ type Past = …; fn from_past(past: Self::Past) -> Self {{ … }} }}`, where \
         `Past` is a copy of the old type"
    )
}

/// `name@2` for `name@1`.
fn raised(opaque: &str) -> String {
    match opaque.rsplit_once('@') {
        Some((name, number)) => {
            let next = number.parse::<u32>().map_or(2, |number| number.saturating_add(1));
            format!("{name}@{next}")
        }
        None => format!("{opaque}@2"),
    }
}

fn added_twice(first: Version, declared: &Declared<'_>) -> String {
    let removed = match &declared.input.data {
        Data::Struct(_) => format!(
            "; if it was removed in between, declare the first one by `removed(name = …, ty = …, since = \
             {}, in = …)` on the struct",
            first.number
        ),
        _ => String::new(),
    };
    format!("a field or a variant is added once: keep one `added`{removed}")
}

/// Types whose past cannot be told by attributes.
fn told_of(declared: &Declared<'_>, bodies: &[Body<'_>], errors: &Errors) {
    let Declared { input, removed, .. } = declared;
    let words = bodies.iter().flat_map(Body::changes).map(|change| &change.word);
    let Some(word) = words.chain(removed.iter().map(|removed| &removed.word)).next() else {
        return;
    };
    let ident = &input.ident;
    let container = serde::container(&input.attrs);
    let message = if !input.generics.params.is_empty() {
        format!(
            "`{ident}` is generic, and attributes cannot declare the older versions of a generic type: \
             {}",
            by_hand(declared)
        )
    } else if let Some(opaque) = &declared.opaque {
        format!(
            "`{ident}` is opaque, and its fields do not tell its JSON: write `opaque = {:?}`, and drop \
             what is declared of its versions",
            raised(&opaque.value())
        )
    } else if !container.conversions.is_empty() {
        format!(
            "the JSON of `{ident}` is that of the type that serde converts from, and not of these \
             fields: {}",
            by_hand(declared)
        )
    } else {
        return;
    };
    errors.on(word, message);
}

/// No version had two parts of one name, and a new name is another one.
pub(crate) fn names(history: &History<'_>, errors: &Errors) {
    let mut reported = BTreeSet::new();
    let variants = history.variant_rule();
    for body in &history.bodies {
        renamed(&body.changes, |version| body.name_at(version, &variants), errors);
        for field in &body.fields {
            renamed(&field.changes, |v| Some(field.name_at(v, &body.rule)), errors);
        }
    }
    for version in history.past_versions() {
        let there = history.bodies.iter().filter(|body| body.is_there_at(version));
        let named = there.clone().filter_map(|body| {
            Some(Part {
                name: body.name_at(version, &variants)?,
                changes: &body.changes,
                removed: None,
                own: body.variant?,
            })
        });
        clash(named.collect(), version, "variants", &mut reported, errors);
        for body in there {
            // What is skipped is not stored, so its name is free.
            let is_stored = |field: &&Field<'_>| !field.at(version).parsed().is_skipped();
            let fields = body.fields.iter().filter(|field| field.is_there_at(version));
            let fields = fields.filter(is_stored).filter_map(|field| {
                Some(Part {
                    name: field.name_at(version, &body.rule),
                    changes: &field.changes,
                    removed: None,
                    own: field.field.ident.as_ref()?,
                })
            });
            let removed = history.removed.iter().filter(|removed| removed.is_there_at(version));
            let removed = removed.map(|removed| Part {
                name: removed.name.clone(),
                changes: &[],
                removed: Some(removed),
                own: &removed.word,
            });
            clash(fields.chain(removed).collect(), version, "fields", &mut reported, errors);
        }
    }
}

/// One field or variant at one version.
struct Part<'a> {
    name: LitStr,
    changes: &'a [Change],
    removed: Option<&'a Removed>,
    own: &'a Ident,
}

fn clash(
    parts: Vec<Part<'_>>,
    version: u32,
    what: &str,
    reported: &mut BTreeSet<String>,
    errors: &Errors,
) {
    for (i, part) in parts.iter().enumerate() {
        let same = |other: &&Part<'_>| other.name.value() == part.name.value();
        let Some(other) = parts[..i].iter().find(same) else { continue };
        let name = part.name.value();
        if !reported.insert(name.clone()) {
            continue;
        }
        let standing = [part, other].into_iter().find(|part| part.removed.is_none());
        if let Some(removed) = part.removed
            && standing.is_some_and(|standing| standing.changes.is_empty())
        {
            let message = format!(
                "there still is a field {name:?}, so it was not removed: take the field out of the struct, \
                 or drop `removed`; if it is another field of that name, declare on it when it was added: \
                 `added(in = …, default = …)`"
            );
            errors.on(&removed.name, message);
            continue;
        }
        let message = format!(
            "at version {version} two {what} had the name {name:?}: correct a name or a number"
        );
        let renamed = [part, other].into_iter().find_map(|part| {
            part.changes.iter().find_map(|change| match &change.what {
                What::Renamed { from } if from.value() == name => Some(from),
                _ => None,
            })
        });
        match (renamed, part.removed) {
            (Some(from), _) => errors.on(from, message),
            (None, Some(removed)) => errors.on(&removed.name, message),
            (None, None) => errors.on(part.own, message),
        }
    }
}

/// A new name is another one.
fn renamed(changes: &[Change], name_at: impl Fn(u32) -> Option<LitStr>, errors: &Errors) {
    for change in changes {
        let What::Renamed { from } = &change.what else { continue };
        if name_at(change.version.number).is_some_and(|name| name.value() == from.value()) {
            let message = format!(
                "{:?} is the name that it has in version {} too: write the one that it had before, or \
                 drop `renamed`",
                from.value(),
                change.version.number
            );
            errors.on(from, message);
        }
    }
}
