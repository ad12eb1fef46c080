//! Types that hold each other. A derive sees one type, and rustc says of consts in a circle only that they
//! are one; so each derive of a crate remembers the types that its fields hold.
//!
//! A name counts while one type of its file has it; that of a type of another file, while one type of the
//! crate has it, and if the path leads to that file. What is not told here is told by rustc.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use syn::ext::IdentExt;
use syn::{DeriveInput, Field, Fields, Ident, Type};

use super::paths::leads_to;
use super::schema::{each_path, opaque_advice};
use crate::attr::schema::Place;
use crate::attr::{schema, serde};
use crate::errors::Errors;

/// The types of the crates that were derived so far: a process compiles one crate, and an editor several.
static KNOWN: Mutex<BTreeMap<String, Types>> = Mutex::new(BTreeMap::new());

/// The types of a crate by their names, and the paths of the types that each holds.
type Types = BTreeMap<String, BTreeMap<Declared, Vec<Segments>>>;

/// The file and the line of a type.
type Declared = (PathBuf, usize);

/// A path as a field has it.
type Segments = Vec<String>;

/// A type of the crate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known<'a> {
    name: &'a str,
    declared: &'a Declared,
}

/// A step from a type to one that it holds.
#[derive(Clone, Copy)]
struct Step<'a> {
    from: &'a Declared,
    path: &'a Segments,
    to: Known<'a>,
}

/// Reports each field that leads back to this type by way of others.
pub(crate) fn closed(input: &DeriveInput, is_opaque: bool, errors: &Errors) {
    // A test of the derive has no compiler to ask.
    if !proc_macro::is_available() {
        return;
    }
    let span = input.ident.span().unwrap();
    let Some(file) = span.local_file() else { return };
    let crate_name = std::env::var("CARGO_CRATE_NAME").unwrap_or_default();
    let held = if is_opaque { Vec::new() } else { held(input) };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let types = known.entry(crate_name).or_default();
    let (name, declared) = (input.ident.unraw().to_string(), (file, span.line()));
    let paths = held.iter().map(|(_, path)| path.clone()).collect();
    types.entry(name.clone()).or_default().insert(declared.clone(), paths);
    let own = Known { name: &name, declared: &declared };
    for (ident, path) in &held {
        if let Some(way) = way_back(types, own, path) {
            let way: Vec<_> = way.iter().map(|name| format!("`{name}`")).collect();
            let message = format!(
                "`{name}` holds itself by way of {}, and a shape that holds itself has no end: {}",
                way.join(" and "),
                opaque_advice("field")
            );
            errors.at(ident.span(), message);
        }
    }
}

/// The names of the types by which a path of `own` leads back to it, if it does.
fn way_back<'a>(types: &'a Types, own: Known<'a>, path: &'a Segments) -> Option<Vec<&'a str>> {
    let first = step(types, own.declared, path)?;
    // One that names itself is reported without any other.
    if first.to == own {
        return None;
    }
    let mut ways = vec![vec![first]];
    let mut seen = BTreeSet::from([first.to]);
    while let Some(way) = ways.pop() {
        let at = way.last()?.to;
        for path in
            types.get(at.name).and_then(|types| types.get(at.declared)).into_iter().flatten()
        {
            let Some(next) = step(types, at.declared, path) else { continue };
            if next.to == own {
                let names = way.iter().map(|step| step.to.name).collect();
                return way.iter().chain([&next]).all(is_certain).then_some(names);
            }
            if seen.insert(next.to) {
                ways.push(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

/// The type that a path in the file of another most likely leads to.
fn step<'a>(types: &'a Types, from: &'a Declared, path: &'a Segments) -> Option<Step<'a>> {
    let (name, known) = types.get_key_value(path.last()?)?;
    let is_of_file =
        matches!(path.as_slice(), [_]) || matches!(path.as_slice(), [own, _] if own == "self");
    let mut here = known.keys().filter(|declared| is_of_file && declared.0 == from.0);
    let declared = match (here.next(), here.next()) {
        (Some(declared), None) => declared,
        (None, _) if known.len() == 1 => known.keys().next()?,
        _ => return None,
    };
    Some(Step { from, path, to: Known { name, declared } })
}

/// Returns true if a step stays in its file, or its path leads to the file of the type.
fn is_certain(step: &Step<'_>) -> bool {
    let (from, to) = (&step.from.0, &step.to.declared.0);
    if from == to {
        return true;
    }
    std::fs::read_to_string(from).is_ok_and(|source| leads_to(&source, from, step.path, to))
}

/// The types that the shape of a type is made of: the names to report, and their paths.
fn held(input: &DeriveInput) -> Vec<(Ident, Segments)> {
    let mut held = Vec::new();
    let mut add = |ty: &Type| {
        each_path(ty, &mut |path| {
            let segments: Segments =
                path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
            let is_parameter = |ident: &Ident| path.is_ident(ident);
            if let Some(last) = path.segments.last()
                && !input.generics.type_params().any(|param| is_parameter(&param.ident))
            {
                held.push((last.ident.clone(), segments));
            }
        });
    };
    let conversions = serde::container(&input.attrs).conversions;
    if !conversions.is_empty() {
        conversions.iter().filter_map(|(_, ty)| ty.parse::<Type>().ok()).for_each(|ty| add(&ty));
        return held;
    }
    let mut add_all = |fields: &Fields| {
        fields.iter().filter(|field| is_of_the_shape(field)).for_each(|field| add(&field.ty));
    };
    match &input.data {
        syn::Data::Struct(data) => add_all(&data.fields),
        syn::Data::Enum(data) => data.variants.iter().for_each(|variant| {
            if !serde::part(&variant.attrs).is_skipped() && !is_opaque(&variant.attrs) {
                add_all(&variant.fields);
            }
        }),
        syn::Data::Union(_) => {}
    }
    held
}

fn is_of_the_shape(field: &Field) -> bool {
    !serde::part(&field.attrs).is_skipped() && !is_opaque(&field.attrs)
}

fn is_opaque(attrs: &[syn::Attribute]) -> bool {
    // Mistakes in them are reported where the shape is built.
    let unheard = Errors::new();
    let opaque = schema::parse(attrs, Place::PartWithHistory, &unheard).opaque;
    drop(unheard.finish());
    opaque.is_some()
}
