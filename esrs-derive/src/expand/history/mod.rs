//! The structs of older versions, and how each becomes the newest.
//!
//! Each older struct is brought straight to the newest: what one version added and another removed is
//! never made.

mod open;
mod types;
mod values;
mod versions;
mod way;

pub(crate) use open::type_at;
pub(crate) use versions::versions;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::krate::Krate;
use crate::model::history::History;

use types::{default, definition, shape};
use values::values;
use versions::changes;
use way::{from_past, upcast};

/// The structs of the versions that the type tells of, and their way to the newest.
///
/// `checks` are what else is asked of them.
pub(crate) fn past(
    history: &History<'_>,
    krate: &Krate,
    checks: Option<TokenStream>,
    errors: &Errors,
) -> TokenStream {
    let versions: TokenStream = history
        .generated()
        .map(|version| {
            let definition = definition(history, version, krate);
            let default = default(history, version, krate);
            let from_past = from_past(history, version, krate);
            quote!(#definition #default #from_past)
        })
        .collect();
    let shapes: TokenStream =
        history.past_versions().map(|version| shape(history, version, krate, errors)).collect();
    let values = values(history, krate);
    let upcast = history.from.as_ref().map(|_| upcast(history, krate));
    let changes: TokenStream = (history.oldest + 1..=history.version)
        .filter_map(|version| changes(history, version, krate))
        .collect();
    quote! {
        #[allow(deprecated, dead_code)]
        const _: () = {
            #versions
            #shapes
            #values
            #upcast
            #changes
            #checks
        };
    }
}
