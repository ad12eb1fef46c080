//! `schema!()`, or `schema!(crate = ::path)`.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Path};

use super::meta;

pub(crate) fn parse(input: ParseStream) -> syn::Result<Option<Path>> {
    if input.is_empty() {
        return Ok(None);
    }
    let message = "drop this: locks are always below `schema`, so `schema!()` takes nothing but `crate = \
                   ::path`, where esrs is";
    let word =
        input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), message))?;
    if word != "crate" {
        return Err(syn::Error::new_spanned(word, message));
    }
    meta::crate_path(input, &word).map(Some)
}
