//! A struct of one field without a name.

use syn::{Data, DeriveInput, Fields, Type};

use crate::errors::Errors;

/// The type of the only field.
pub(crate) fn value(input: &DeriveInput) -> Option<&Type> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|field| &field.ty)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns true if it has no parameters; otherwise the error says `what` it is, and what there is to do
/// instead.
pub(crate) fn is_one_type(input: &DeriveInput, what: &str, instead: &str, errors: &Errors) -> bool {
    let is_one = input.generics.params.is_empty();
    if !is_one {
        let message =
            format!("{what} is one type: drop the parameters of `{}`{instead}", input.ident);
        errors.on(&input.generics, message);
    }
    is_one
}
