//! `#[schema(opaque = "name@1", crate = ::path)]`.

use syn::{Attribute, LitStr, Path};

use super::list::{Words, parse_value};
use super::meta;
use crate::errors::Errors;

/// What stands on a type, a variant or a field.
#[derive(Default)]
pub(crate) struct Schema {
    /// The name of a shape that only its owner knows.
    pub(crate) opaque: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}

/// Where the attribute stands, which decides its words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a type of its own.
    Type,
    /// On a type whose `crate` another attribute sets, or on a part of a type.
    Part,
}

pub(crate) fn parse(attrs: &[Attribute], place: Place, errors: &Errors) -> Schema {
    let mut schema = Schema::default();
    let mut words = Words::new(match place {
        Place::Type => &["opaque", "crate"],
        Place::Part => &["opaque"],
    });
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("schema")) {
        meta::each_item(attr, errors, |input| {
            let word = words.parse_once(input, errors)?;
            if word == "opaque" {
                let name = parse_value(input, &word, "\"name@1\"")?;
                // Kept also when it is badly named, so that nothing else asks for it.
                errors.ok(check_opaque(&name));
                schema.opaque = Some(name);
            } else {
                schema.krate = Some(meta::crate_path(input, &word)?);
            }
            Ok(())
        });
    }
    schema
}

fn check_opaque(name: &LitStr) -> syn::Result<()> {
    let value = name.value();
    let is_right = value.split_once('@').is_some_and(|(name, number)| {
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        !name.is_empty() && name.chars().all(is_plain) && is_number && !number.is_empty()
    });
    if is_right {
        return Ok(());
    }
    let message = "an opaque shape is named like `\"geo_point@1\"`: a name, `@`, and a number that \
                   you raise when its JSON changes";
    Err(syn::Error::new_spanned(name, message))
}
