//! Rules of `#[derive(Aggregate)]`.

use std::collections::{HashMap, HashSet};

use quote::ToTokens;
use syn::{Data, DeriveInput};

use crate::attr::aggregate::{AggregateAttr, Demand, Role};
use crate::attr::name;
use crate::errors::Errors;
use crate::model::aggregate::Aggregate;

/// The longest name of an aggregate, in bytes.
const MAX_NAME: usize = 64;

pub(crate) fn check(
    input: &DeriveInput,
    attr: &AggregateAttr,
    model: &Aggregate<'_>,
    errors: &Errors,
) {
    shape(input, errors);
    if attr.word.is_none() {
        let (ident, name) = (&input.ident, name::of_type(&input.ident));
        let message =
            format!("say what `{ident}` is made of: `#[aggregate(\"{name}\", id = …, events(…))]`");
        return errors.on(ident, message);
    }
    name_and_id(input, attr, errors);
    events(attr, model, errors);
    retired(attr, errors);
    requires(attr, errors);
}

fn shape(input: &DeriveInput, errors: &Errors) {
    if let Data::Union(union) = &input.data {
        errors.on(
            union.union_token,
            "an aggregate is a struct, or an enum when it is a state machine; a union cannot say \
             which state it is in",
        );
    }
    if !input.generics.params.is_empty() {
        errors.on(
            &input.generics,
            "an aggregate has no generic parameters: its stored name stands for one type alone. \
             Write a struct for each, and share the code by a generic field",
        );
    }
}

fn name_and_id(input: &DeriveInput, attr: &AggregateAttr, errors: &Errors) {
    match &attr.name {
        Some(literal) => {
            errors.ok(name::check(literal, "the name of an aggregate", MAX_NAME));
        }
        None => {
            let name = name::of_type(&input.ident);
            let message = format!(
                "the name that its streams are stored under is missing; it stands first: \
                 `#[aggregate(\"{name}\", …)]`"
            );
            errors.on(&attr.word, message);
        }
    }
    if attr.id_word.is_none() {
        errors.on(&attr.word, "name the type of its ids: `id = AccountId`");
    }
}

fn events(attr: &AggregateAttr, model: &Aggregate<'_>, errors: &Errors) {
    match (&attr.events_word, model.emitted().next().is_none()) {
        (None, _) => {
            errors.on(&attr.word, "list the events that it is made of: `events(AccountOpened, …)`");
        }
        // An event that could not be read is one more than none.
        (Some(word), true) if errors.is_empty() => {
            let message = match model.events.is_empty() {
                true => "an aggregate is made of its events; list at least one",
                false => "an event in `split(…)` counts as its parts; list these too",
            };
            errors.on(word, message);
        }
        (Some(_), _) => {}
    }
    let (mut paths, mut variants) = (HashMap::new(), HashMap::new());
    for event in &model.events {
        let written = event.path.to_token_stream().to_string().replace(' ', "");
        if let Some(other) = paths.insert(written.clone(), event.role) {
            let is_split = event.role == Role::Split || other == Role::Split;
            errors.on(event.path, match is_split && event.role != other {
                true => format!(
                    "`{written}` is in `split(…)` and outside of it: keep it in `split(…)` if it is no \
                     longer emitted, and remove it from there otherwise"
                ),
                false => format!("`{written}` is listed twice; keep one of them"),
            });
        } else if event.role == Role::Split {
            // It has no variant.
        } else if let Some(first) = variants.insert(event.variant.clone(), written.clone()) {
            let (variant, events) = (&event.variant, &model.event_enum);
            let message = format!(
                "`{first}` is the variant `{variant}` of `{events}` already; give this one another \
                 name: `{written} as Other{variant}`"
            );
            errors.on(event.path, message);
        }
    }
}

fn retired(attr: &AggregateAttr, errors: &Errors) {
    let mut names = HashMap::new();
    for literal in &attr.retired {
        let name = literal.value();
        if name.is_empty() {
            errors.on(literal, "a stored name is never empty");
        } else if names.insert(name, ()).is_some() {
            errors.on(literal, "this name is retired twice; keep one of them");
        }
    }
}

fn requires(attr: &AggregateAttr, errors: &Errors) {
    let mut met = HashSet::new();
    for demand in &attr.requires {
        let tokens = match demand {
            Demand::Word(word) => word.to_token_stream(),
            Demand::Key(path) => path.to_token_stream(),
        };
        let written = tokens.to_string().replace(' ', "");
        if !met.insert(written.clone()) {
            errors.on(tokens, format!("`{written}` is required twice; keep one of them"));
        }
    }
}
