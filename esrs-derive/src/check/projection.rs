//! Rules of `#[derive(Projection)]`.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, LitStr, Path};

use crate::attr::name;
use crate::attr::projection::{List, Listed, ProjectionAttr};
use crate::errors::Errors;
use crate::model::projection::{Column, Form, Projection, is_same, is_same_option};

/// The longest name of a table or a column, in bytes; what every database takes.
const MAX_NAME: usize = 63;

pub(crate) fn check(
    input: &DeriveInput,
    attr: &ProjectionAttr,
    model: &Projection<'_>,
    errors: &Errors,
) {
    if !is_row(input, errors) {
        return;
    }
    if attr.word.is_none() {
        let (ident, name) = (&input.ident, name::of_type(&input.ident));
        let message = format!(
            "say what the rows of `{ident}` follow from: `#[projection(table = \"{name}\", of = …, \
             creates(…), events(…))]`"
        );
        return errors.on(ident, message);
    }
    table(input, attr, errors);
    columns(input, model, errors);
    lists(attr, errors);
    keys(attr, model, errors);
}

/// Returns true if the type can be the row of a table at all.
fn is_row(input: &DeriveInput, errors: &Errors) -> bool {
    let named = match &input.data {
        Data::Struct(data) => matches!(data.fields, Fields::Named(_)),
        _ => false,
    };
    if !named {
        let message = "a projection is the row of a table: a struct whose named fields are its \
                       columns";
        errors.on(&input.ident, message);
    }
    let generic = !input.generics.params.is_empty();
    if generic {
        let message = "a projection has no generic parameters: its table stands for one type alone";
        errors.on(&input.generics, message);
    }
    named && !generic
}

fn table(input: &DeriveInput, attr: &ProjectionAttr, errors: &Errors) {
    match &attr.table {
        None if attr.table_word.is_some() => {}
        None => {
            let name = name::of_type(&input.ident);
            errors.on(&attr.word, format!("name the table of the rows: `table = \"{name}\"`"));
        }
        Some(literal) => {
            errors.ok(name::check(literal, "the name of a table", MAX_NAME));
            let name = literal.value();
            if let Some(prefix) = ["esrs_", "sqlite_"].iter().find(|p| name.starts_with(**p)) {
                let message = format!("names that begin with `{prefix}` are taken; choose another");
                errors.on(literal, message);
            }
        }
    }
    if let Some(version) = &attr.version
        && !version.base10_parse::<u32>().is_ok_and(|number| number > 0)
    {
        errors.on(version, "the version of a projection is a number from 1, without a suffix");
    }
}

fn columns(input: &DeriveInput, model: &Projection<'_>, errors: &Errors) {
    if model.key_columns().is_empty() {
        let message = "mark the field that tells the rows apart: `#[projection(key)]`";
        errors.on(&input.ident, message);
    }
    let mut names = HashSet::new();
    for column in &model.columns {
        column_name(column, errors);
        if !names.insert(&column.name) {
            let message = format!(
                "there is a column `{}` already; give this one another name: \
                 `#[projection(column = \"…\")]`",
                column.name
            );
            match &column.attr.column {
                Some(literal) => errors.on(literal, message),
                None => errors.on(column.ident, message),
            }
        }
        if let (Some(_), Some(json)) = (&column.attr.text, &column.attr.json) {
            errors.on(json, "a column is `text` or `json`; keep one of them");
        }
        if let (Some(json), Some(_), Form::Json) =
            (&column.attr.json, &column.attr.key, column.form)
        {
            let message = "JSON can be written in many ways, so it tells no rows apart; make the \
                           key a column of its own, or `text`";
            errors.on(json, message);
        }
    }
}

fn column_name(column: &Column<'_>, errors: &Errors) {
    let literal = match &column.attr.column {
        Some(literal) => literal.clone(),
        None => LitStr::new(&column.name, column.ident.span()),
    };
    if let Err(error) = name::check(&literal, "the name of a column", MAX_NAME) {
        let hint = match &column.attr.column {
            Some(_) => "",
            None => ", as `#[projection(column = \"…\")]` on the field",
        };
        errors.at(literal.span(), format!("{error}{hint}"));
    } else if column.name.starts_with("esrs_") {
        errors.on(literal, "names that begin with `esrs_` are taken; choose another");
    }
}

fn lists(attr: &ProjectionAttr, errors: &Errors) {
    let message =
        "no event makes a row, so there would never be one: list it, as `creates(AccountOpened)`";
    match &attr.creates_word {
        None => errors.on(&attr.word, message),
        Some(word)
            if !attr.listed.iter().any(|listed| listed.list == List::Creates)
                && errors.is_empty() =>
        {
            errors.on(word, message);
        }
        Some(_) => {}
    }
    for (place, listed) in attr.listed.iter().enumerate() {
        let written = text(&listed.path);
        if listed.of.is_none() && attr.of.is_none() {
            let message = format!(
                "say whose event `{written}` is: `of = BankAccount` for all events of the \
                 projection, or `{written}(of = BankAccount)` for this one"
            );
            errors.on(&listed.path, message);
        }
        let earlier =
            attr.listed[..place].iter().find(|earlier| is_same_event(attr, earlier, listed));
        match earlier.map(|earlier| (earlier, earlier.list, listed.list)) {
            None => {}
            Some(
                (earlier, List::Creates, List::Events) | (earlier, List::Events, List::Creates),
            ) => {
                create_and_project(earlier, listed, errors);
            }
            Some((_, first, second)) if first == second => {
                let message = format!("`{written}` is listed twice; keep one of them");
                errors.on(&listed.path, message);
            }
            Some((_, first, _)) => {
                let message = format!(
                    "`{written}` stands in `{}(…)` too; an event that deletes a row does nothing \
                     else with it",
                    first.word()
                );
                errors.on(&listed.path, message);
            }
        }
        if let (List::Creates, Some(skip)) = (listed.list, &listed.skip) {
            let message = "an event in `creates(…)` makes the row that is missing; drop this";
            errors.on(skip, message);
        }
    }
}

/// An event in `creates(…)` and `events(…)` makes the row when it is missing.
fn create_and_project(first: &Listed, second: &Listed, errors: &Errors) {
    for listed in [first, second] {
        if let (List::Events, Some(skip)) = (listed.list, &listed.skip) {
            let message =
                "the event stands in `creates(…)` too, so a row is never missing; drop this";
            errors.on(skip, message);
        }
    }
    if let (Some(first), Some(second)) = (&first.key, &second.key)
        && first.rows != second.rows
    {
        errors.on(&second.word, "the key of this event is another one in the other list");
    }
}

fn keys(attr: &ProjectionAttr, model: &Projection<'_>, errors: &Errors) {
    let fields = model.key_columns();
    let names: Vec<_> = fields.iter().map(|column| column.ident.to_string()).collect();
    let several = names.join(", ");
    for source in &model.sources {
        if let (None, 2..) = (source.keys, fields.len()) {
            let message = format!(
                "the key of a row is made of `{several}`, so say where it is in this event: \
                 `{}(key = ({several}))`",
                text(source.path)
            );
            errors.on(source.path, message);
        }
    }
    for key in attr.listed.iter().filter_map(|listed| listed.key.as_ref()) {
        let wrong = key.rows.iter().find(|row| row.0.len() != fields.len());
        if let (Some(wrong), false) = (wrong, fields.is_empty()) {
            let (given, needed) = (wrong.0.len(), fields.len());
            let message = format!(
                "the key of a row has {needed} part{} (`{several}`), and {given} {} given here",
                if needed == 1 { "" } else { "s" },
                if given == 1 { "is" } else { "are" },
            );
            errors.on(&key.word, message);
        }
    }
}

fn is_same_event(attr: &ProjectionAttr, a: &Listed, b: &Listed) -> bool {
    let of = |listed: &Listed| listed.of.clone().or_else(|| attr.of.clone());
    is_same(&a.path, &b.path) && is_same_option(of(a).as_ref(), of(b).as_ref())
}

fn text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
