//! Names without a text.

use proc_macro2::Ident;
use syn::{DeriveInput, Fields};

use crate::attr::serde;
use crate::errors::Errors;

/// The way out of all that follows.
pub(crate) const OR_AS_JSON: &str =
    ", or store it as JSON, by `#[projection(json)]` on the field of the row";

/// A type that is neither of the two.
pub(crate) fn neither(input: &DeriveInput, errors: &Errors) {
    let ident = &input.ident;
    let message = format!(
        "`Column` is derived for an enum of units, such as `enum {ident} {{ Open, Closed }}`, or for a \
         newtype, such as `struct {ident}(i64);`: make it one of them{OR_AS_JSON}"
    );
    errors.on(ident, message);
}

/// An enum that serde writes as something else than the names of its variants.
pub(crate) fn container(container: &serde::Container, errors: &Errors) {
    let conversions = container.conversions.iter().map(|(word, _)| word);
    // One is enough: `try_from` stands beside `into`.
    if let Some(word) = container.untold.iter().chain(conversions).next() {
        unnamed(word, errors);
    }
}

/// A variant that has no name, or more than a name.
pub(crate) fn variant(of: &Ident, variant: &syn::Variant, serde: &serde::Part, errors: &Errors) {
    let ident = &variant.ident;
    if !matches!(variant.fields, Fields::Unit) {
        let message = format!(
            "`{of}` is kept as the name of a variant, and `{ident}` is more than its name: make \
             it a unit{OR_AS_JSON}"
        );
        errors.on(variant, message);
    }
    if serde.skip || serde.skip_serializing.is_some() || serde.skip_deserializing.is_some() {
        let message = format!(
            "serde skips `{ident}`, which leaves it no name to be kept under: take the `skip` away, or \
             implement `Column` by hand"
        );
        errors.on(ident, message);
    }
    if let Some(word) = serde.untold.first() {
        unnamed(word, errors);
    }
}

fn unnamed(word: &Ident, errors: &Errors) {
    let message = format!(
        "by `{word}` serde writes something else than the name of the variant, under which a column \
         keeps it: drop the one or the other{OR_AS_JSON}"
    );
    errors.at(word.span(), message);
}
