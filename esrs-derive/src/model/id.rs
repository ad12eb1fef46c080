//! The model of an id: a newtype over a value.

use proc_macro2::Ident;
use syn::{DeriveInput, Type};

use super::newtype;
use super::schema::{Container, Wire, build};
use crate::attr::meta;
use crate::attr::schema::{self, Place};
use crate::errors::Errors;
use crate::krate::Krate;

pub(crate) struct Id<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) value: &'a Type,
    pub(crate) krate: Krate,
    pub(crate) wire: Wire<'a>,
}

pub(crate) fn new<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<Id<'a>> {
    let krate = meta::only_crate(&input.attrs, "id", errors);
    let value = value(input, errors)?;
    let opaque = schema::parse(&input.attrs, Place::Part, errors).opaque;
    let wire = build(&Container::new(input, opaque), errors)?;
    Some(Id { ident: &input.ident, value, krate: Krate::new(krate), wire })
}

/// The type of the only field; an error says what to do with any other type.
fn value<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<&'a Type> {
    let ident = &input.ident;
    if !newtype::is_one_type(input, "an id", "", errors) {
        return None;
    }
    let value = newtype::value(input);
    if value.is_none() {
        let message = format!(
            "`Id` is derived for a newtype, such as `struct {ident}(Uuid);`: a type with another text of \
             its own implements `Display` and `FromStr` by hand, and derives `Schema`"
        );
        errors.on(ident, message);
    }
    value
}
