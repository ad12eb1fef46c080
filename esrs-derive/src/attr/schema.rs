//! `#[schema(opaque = "name@1", version = 2, crate = ::path)]`.

use syn::ext::IdentExt;
use syn::{Attribute, Ident, LitStr, Path};

use super::history::{self, Removed};
use super::list::{Words, parse_value};
use super::meta;
use crate::errors::Errors;

/// The attributes of a type, a variant or a field.
#[derive(Default)]
pub(crate) struct Schema {
    /// The name of a shape that only its owner knows.
    pub(crate) opaque: Option<LitStr>,
    /// The `version` attribute, and its value.
    pub(crate) version: Option<(Ident, u32)>,
    /// The fields that it had once.
    pub(crate) removed: Vec<Removed>,
    pub(crate) krate: Option<Path>,
}

/// Where the attribute stands, which decides its words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a type of its own.
    Type,
    /// On a type whose `crate` another attribute sets, or on a part of such a type.
    Part,
    /// On a part of a type of its own, which may tell what it went through; another pass reads that.
    PartWithHistory,
}

pub(crate) fn parse(attrs: &[Attribute], place: Place, errors: &Errors) -> Schema {
    let mut schema = Schema::default();
    let mut words = Words::new(match place {
        Place::Type => &["opaque", "version", "removed", "crate"],
        Place::Part => &["opaque"],
        Place::PartWithHistory => &["opaque", "added", "renamed", "retyped", "updated"],
    });
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("schema")) {
        meta::each_item(attr, errors, |input| {
            if place == Place::PartWithHistory && history::is_of_history(input) {
                return history::skip_item(input);
            }
            if place == Place::Part && history::is_of_history(input) {
                let word = input.call(Ident::parse_any)?;
                let message = format!(
                    "on a field of an event, write `#[event({word}(…))]`: `#[schema({word}(…))]` is for the \
                     fields of a type with `#[derive(Schema)]`"
                );
                return Err(syn::Error::new_spanned(word, message));
            }
            let word = words.parse(input, errors)?;
            if word != "removed" {
                words.once(&word, errors);
            }
            match word.to_string().as_str() {
                "opaque" => {
                    let name = parse_value(input, &word, "\"name@1\"")?;
                    // Kept also when it is badly named, so that nothing else asks for it.
                    errors.ok(check_opaque(&name));
                    schema.opaque = Some(name);
                }
                "version" => schema.version = Some((word.clone(), meta::version(input, &word)?)),
                "removed" => schema.removed.extend(history::removed(&word, input, errors)?),
                // A mistyped one, which was reported.
                word if history::WORDS.contains(&word) => history::skip_item(input)?,
                _ => schema.krate = Some(meta::crate_path(input, &word)?),
            }
            Ok(())
        });
    }
    schema
}

pub(crate) fn check_opaque(name: &LitStr) -> syn::Result<()> {
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
