//! What an id is: a newtype over a value.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, Type};

use super::schema::{Container, Wire, build};
use crate::attr::id as attr;
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
    let attr = attr::parse(&input.attrs, errors);
    let value = value(input, errors)?;
    let opaque = schema::parse(&input.attrs, Place::Part, errors).opaque;
    let wire = build(&Container::new(input, opaque), errors)?;
    Some(Id { ident: &input.ident, value, krate: Krate::new(attr.krate), wire })
}

/// The type of the only field; an error says what to do with any other type.
fn value<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<&'a Type> {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        let message = format!("an id is one type: drop the parameters of `{ident}`");
        errors.on(&input.generics, message);
        return None;
    }
    if let Data::Struct(data) = &input.data
        && let Fields::Unnamed(fields) = &data.fields
        && fields.unnamed.len() == 1
    {
        return fields.unnamed.first().map(|field| &field.ty);
    }
    let message = format!(
        "`Id` is derived for a newtype, such as `struct {ident}(Uuid);`: a type with another text of \
         its own implements `Display` and `FromStr` by hand, and derives `Schema`"
    );
    errors.on(ident, message);
    None
}
