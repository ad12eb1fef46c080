//! Types that hold each other. A derive sees one type, and rustc says of consts in a circle only that they
//! are one; so each derive of a crate remembers the names that its fields hold.
//!
//! A name counts within its file, and only while one type of the file has it: what is not told here is told
//! by rustc.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use syn::ext::IdentExt;
use syn::{DeriveInput, Field, Fields, Ident, Type};

use super::schema::{each_name, opaque_advice};
use crate::attr::schema::Place;
use crate::attr::{schema, serde};
use crate::errors::Errors;

/// The types of the files that were derived so far: a process compiles one crate, and an editor several.
static KNOWN: Mutex<BTreeMap<File, Names>> = Mutex::new(BTreeMap::new());

/// A file of a crate.
type File = (String, PathBuf);

/// The types of each name, by the line in which they stand, with the names that they hold.
type Names = BTreeMap<String, BTreeMap<usize, BTreeSet<String>>>;

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
    let names = known.entry((crate_name, file)).or_default();
    let own = input.ident.unraw().to_string();
    let holds = held.iter().map(|ident| ident.unraw().to_string()).collect();
    names.entry(own.clone()).or_default().insert(span.line(), holds);
    for ident in held {
        let first = ident.unraw().to_string();
        // One that names itself is reported without any other.
        if first != own
            && let Some(way) = way_back(names, &first, &own)
        {
            let way: Vec<_> = way.iter().map(|name| format!("`{name}`")).collect();
            let message = format!(
                "`{own}` holds itself by way of {}, and a shape that holds itself has no end: {}",
                way.join(" and "),
                opaque_advice("field")
            );
            errors.at(ident.span(), message);
        }
    }
}

/// The names from a type to the one that it leads back to, if it does, without that.
fn way_back(names: &Names, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::from([from.to_owned()]);
    while let Some(way) = ways.pop() {
        let types = names.get(way.last()?);
        let Some(holds) = types.filter(|types| types.len() == 1) else { continue };
        for name in holds.values().flatten() {
            if name == to && names.get(to).is_some_and(|types| types.len() == 1) {
                return Some(way);
            }
            if seen.insert(name.clone()) {
                ways.push(way.iter().chain([name]).cloned().collect());
            }
        }
    }
    None
}

/// The names of the types of the file that the shape of a type is made of.
fn held(input: &DeriveInput) -> Vec<Ident> {
    let mut held = all_held(input);
    held.retain(|name| !input.generics.type_params().any(|param| param.ident == *name));
    held
}

fn all_held(input: &DeriveInput) -> Vec<Ident> {
    let mut held = Vec::new();
    let conversions = serde::container(&input.attrs).conversions;
    if !conversions.is_empty() {
        for ty in conversions.iter().filter_map(|(_, ty)| ty.parse::<Type>().ok()) {
            each_name(&ty, &mut |ident| held.push(ident.clone()));
        }
        return held;
    }
    let mut add = |fields: &Fields| {
        for field in fields.iter().filter(|field| is_of_the_shape(field)) {
            each_name(&field.ty, &mut |ident| held.push(ident.clone()));
        }
    };
    match &input.data {
        syn::Data::Struct(data) => add(&data.fields),
        syn::Data::Enum(data) => data.variants.iter().for_each(|variant| {
            if !serde::part(&variant.attrs).is_skipped() && !is_opaque(&variant.attrs) {
                add(&variant.fields);
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
