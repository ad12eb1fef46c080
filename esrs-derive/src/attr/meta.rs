//! An attribute as a list of items.

use proc_macro2::Ident;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitInt, Meta, Path, Token};

use super::list::{Words, parse_list, parse_value};
use crate::errors::Errors;

/// Reads the items of `#[name(item, item)]` one by one; an item in error is reported and skipped.
pub(crate) fn each_item(
    attr: &Attribute,
    errors: &Errors,
    item: impl FnMut(ParseStream) -> syn::Result<()>,
) {
    let Meta::List(list) = &attr.meta else {
        let name = attr.path().get_ident().map(ToString::to_string).unwrap_or_default();
        errors.on(&attr.meta, format!("write its arguments in parentheses: `#[{name}(…)]`"));
        return;
    };
    errors.ok((|input: ParseStream| parse_list(input, errors, item)).parse2(list.tokens.clone()));
}

/// The path of `crate = ::path`, which has to mean the same in every module.
pub(crate) fn crate_path(input: ParseStream, word: &Ident) -> syn::Result<Path> {
    let path = parse_value(input, word, "::path")?;
    crate::krate::check(&path)?;
    Ok(path)
}

/// The number of `version = 2`, or of another word for a version.
pub(crate) fn version(input: ParseStream, word: &Ident) -> syn::Result<u32> {
    let message = format!("a version is a whole number from 1, such as `{word} = 2`");
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(word, message));
    }
    input.parse::<Token![=]>()?;
    let number: LitInt = input.parse().map_err(|error| syn::Error::new(error.span(), &message))?;
    match number.base10_parse::<u32>() {
        Ok(version) if version > 0 => Ok(version),
        _ => Err(syn::Error::new_spanned(number, message)),
    }
}

/// The path of an attribute that says nothing else: `#[name(crate = ::path)]`.
pub(crate) fn only_crate(attrs: &[Attribute], name: &str, errors: &Errors) -> Option<Path> {
    let mut krate = None;
    let mut words = Words::new(&["crate"]);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        each_item(attr, errors, |input| {
            let word = words.parse_once(input, errors)?;
            krate = Some(crate_path(input, &word)?);
            Ok(())
        });
    }
    krate
}
