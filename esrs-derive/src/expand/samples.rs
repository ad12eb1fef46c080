//! The test that an event reads all that is locked under its names.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::lock::{module, path};
use crate::errors::Errors;
use crate::lock::{self, Folder, Locked};
use crate::model::event::Event;

/// The test of a version that is locked.
pub(super) fn test(
    event: &Event<'_>,
    folder: &Folder,
    locked: &Locked,
    errors: &Errors,
) -> TokenStream {
    let Event { ident, name, version, aliases, .. } = event;
    let (module, p) = (module(event), event.krate.private());
    let mut all = vec![read(name, folder, locked, &p)];
    for alias in aliases {
        match lock::event(folder, &alias.value()) {
            Ok(Some(locked)) => all.push(read(alias, folder, &locked, &p)),
            Ok(None) => {}
            Err(message) => errors.on(alias, message),
        }
    }
    // The event goes before the type of its name in the module, by the `use` in the function; an
    // event in the body of a function cannot, and then nothing is tested.
    quote! {
        #[cfg(test)]
        #[allow(dead_code, deprecated, non_camel_case_types, non_snake_case, unnameable_test_items)]
        mod #module {
            enum #ident {}
            #[#p::test]
            fn reads_every_locked_payload() {
                #[allow(unused_imports, clippy::wildcard_imports)]
                use super::*;
                #[allow(unused_imports)]
                use #p::StandIn as _;
                #p::Sampled::<#ident>::NEW.reads(#version, &[#(#all),*]);
            }
        }
    }
}

/// What the test is to know of what is locked under a name.
fn read(name: &LitStr, folder: &Folder, locked: &Locked, p: &TokenStream) -> TokenStream {
    let (path, shown) = (path(locked), &locked.shown);
    let golden = lock::golden(folder, &name.value());
    let golden_path = LitStr::new(&golden.path.display().to_string(), Span::call_site());
    let golden_shown = golden.shown;
    quote! {
        #p::Locked {
            name: #name,
            lock: #p::include_str!(#path),
            lock_file: #shown,
            golden: #golden_path,
            golden_shown: #golden_shown,
        }
    }
}
