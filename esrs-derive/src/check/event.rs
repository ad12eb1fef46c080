//! Rules of an event's attribute, and of the types that can be events.

use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, PathSegment, Type};

use crate::attr::event::Event;
use crate::attr::name;
use crate::errors::Errors;
use crate::model::schema::last_segment;

/// The longest name that every store takes.
const MAX_NAME: usize = 255;

pub(crate) fn attribute(event: &Event, ident: &Ident, errors: &Errors) {
    match &event.name {
        Some(name) => stored(name, errors),
        None => {
            let message = format!(
                "`{ident}` needs the name that it is stored under, which outlives every rename in \
                 Rust: add `#[event(\"{}\")]`",
                name::of_type(ident)
            );
            errors.on(ident, message);
        }
    }
    for (i, alias) in event.aliases.iter().enumerate() {
        stored(alias, errors);
        let is_alias = |other: &LitStr| other.value() == alias.value();
        if event.name.as_ref().is_some_and(is_alias) {
            errors.on(alias, "this is the name it is stored under today; an alias is an older one");
        } else if event.aliases[..i].iter().any(is_alias) {
            errors.on(alias, "this alias is listed twice; keep one of them");
        }
    }
    versions(event, ident, errors);
    merges(event, ident, errors);
}

fn merges(event: &Event, ident: &Ident, errors: &Errors) {
    let text = |ty: &Type| ty.to_token_stream().to_string().replace(' ', "");
    for (i, merged) in event.merges.iter().enumerate() {
        let written = text(merged);
        if is_itself(merged, ident) {
            let message = format!(
                "`{ident}` cannot merge itself: `merges(…)` lists events of other names, and `from` \
                 names the struct of the version before"
            );
            errors.on(merged, message);
        } else if event.from.as_ref().is_some_and(|(_, from)| text(from) == written) {
            let message = format!(
                "`{written}` is the version before, by `from`, and so no other event: drop it here"
            );
            errors.on(merged, message);
        } else if event.merges[..i].iter().any(|earlier| text(earlier) == written) {
            errors.on(merged, format!("`{written}` is listed twice; keep one of them"));
        }
    }
}

fn versions(event: &Event, ident: &Ident, errors: &Errors) {
    if let (Some((_, 1)) | None, Some((word, _))) = (&event.version, &event.from) {
        let message = format!(
            "version 1 of `{ident}` has nothing before it: write `version = 2`, or drop `from`"
        );
        errors.on(word, message);
    }
    if let Some((_, from)) = &event.from
        && is_itself(from, ident)
    {
        let message = format!(
            "`{ident}` cannot follow itself: `from` names the struct of the version before"
        );
        errors.on(from, message);
    }
}

fn is_itself(ty: &Type, ident: &Ident) -> bool {
    let is_single_segment = matches!(ty, Type::Path(path) if path.path.segments.len() == 1);
    let is_named = |last: &PathSegment| last.ident == *ident || last.ident == "Self";
    is_single_segment && last_segment(ty).is_some_and(is_named)
}

fn stored(name: &LitStr, errors: &Errors) {
    let value = name.value();
    if value.is_empty() {
        errors.on(name, "a stored name is not empty");
    } else if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let message = format!(
            "a stored name has no white space: write {:?}",
            value
                .split(|c: char| c.is_whitespace() || c.is_control())
                .collect::<Vec<_>>()
                .join("_")
        );
        errors.on(name, message);
    } else if value.len() > MAX_NAME {
        errors.on(
            name,
            format!("a stored name has at most {MAX_NAME} bytes; this has {}", value.len()),
        );
    }
}

/// Returns true if the type is a struct; what else there is says what to do instead.
pub(crate) fn data(input: &DeriveInput, errors: &Errors) -> bool {
    match &input.data {
        Data::Struct(data) => {
            let is_borrowing = input.generics.lifetimes().next().is_some();
            refuse_in(&data.fields, is_borrowing, errors);
            true
        }
        Data::Enum(data) => {
            let message = format!(
                "an event is a struct, one for each thing that happens: make each variant of `{}` a \
                 struct with `#[derive(Event)]`, and list them in the `events(…)` of an aggregate, \
                 whose derive makes the enum",
                input.ident
            );
            errors.on(data.enum_token, message);
            false
        }
        Data::Union(data) => {
            errors.on(data.union_token, "an event is a struct; a union has no JSON");
            false
        }
    }
}

/// Of a type that is borrowing as a whole, that is said once and not of its fields.
fn refuse_in(fields: &Fields, is_borrowing: bool, errors: &Errors) {
    for field in fields {
        if let Type::Reference(borrowed) = &field.ty
            && !is_borrowing
        {
            let owned = match last_segment(&borrowed.elem) {
                Some(last) if last.ident == "str" => "`String`",
                _ => "the type without `&`",
            };
            let message = format!(
                "an event owns its data, because it is read back from the log: write {owned}"
            );
            errors.on(&field.ty, message);
        }
    }
}

pub(crate) fn generics(input: &DeriveInput, errors: &Errors) {
    let generics = &input.generics;
    if generics.type_params().next().is_some() || generics.const_params().next().is_some() {
        errors.on(
            generics,
            "an event has no type parameters: one stored name has one shape; write a struct for each",
        );
    } else if generics.lifetimes().next().is_some() {
        errors.on(
            generics,
            "an event owns its data, because it is read back from the log: drop the lifetime",
        );
    }
}
