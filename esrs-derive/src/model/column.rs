//! The content of a column: the name of a variant, or the value of a newtype.

use proc_macro2::Ident;
use syn::{Data, DataEnum, DeriveInput, Type};

use super::name::{Name, name};
use super::newtype;
use crate::attr::meta;
use crate::attr::serde::{self, Case};
use crate::check::column as check;
use crate::check::schema::distinct;
use crate::errors::Errors;
use crate::krate::Krate;

pub(crate) struct Column<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) krate: Krate,
    pub(crate) holds: Holds<'a>,
}

pub(crate) enum Holds<'a> {
    /// The name of a variant, as serde writes it.
    Variants(Vec<Variant<'a>>),
    /// The type that stores the value of a newtype.
    Value(&'a Type),
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) name: Name,
    /// True if it is read from every text that names no other.
    pub(crate) other: bool,
}

pub(crate) fn new<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<Column<'a>> {
    let krate = meta::only_crate(&input.attrs, "column", errors);
    if !newtype::is_one_type(input, "a column", check::OR_AS_JSON, errors) {
        return None;
    }
    let holds = match (&input.data, newtype::value(input)) {
        (_, Some(value)) => Holds::Value(value),
        (Data::Enum(data), None) if !data.variants.is_empty() => {
            Holds::Variants(variants(input, data, errors))
        }
        _ => {
            check::neither(input, errors);
            return None;
        }
    };
    Some(Column { ident: &input.ident, krate: Krate::new(krate), holds })
}

fn variants<'a>(input: &'a DeriveInput, data: &'a DataEnum, errors: &Errors) -> Vec<Variant<'a>> {
    let container = serde::container(&input.attrs);
    check::container(&container, errors);
    let mut variants = Vec::new();
    for declared in &data.variants {
        let serde = serde::part(&declared.attrs);
        check::variant(&input.ident, declared, &serde, errors);
        let ident = &declared.ident;
        let name = name(ident, &serde.names, &container.rename_all, Case::variant, errors);
        variants.push(Variant { ident, name, other: serde.other });
    }
    distinct(variants.iter().map(|variant| &variant.name), "variants", errors);
    variants
}
