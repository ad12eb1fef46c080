//! The test that an event reads all that is locked under its names.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;

use super::lock::{module, path};
use crate::lock::{self, Folder, Locked};
use crate::model::aggregate::Aggregate;
use crate::model::event::Event;
use crate::model::schema::type_span;

/// Expands the part of the impl of `Event`: all that the test is to read.
///
/// An event that merges this one may stand in another crate, whose tests need it as well; so it is there
/// in every build, as a constant that nothing but a test asks for.
pub(super) fn locks(event: &Event<'_>, folder: &Folder, locked: &Locked) -> TokenStream {
    let Event { name, aliases, merges, .. } = event;
    let p = event.krate.private();
    let mut own = vec![one(event, name, folder, locked)];
    for alias in aliases {
        // A lock that is not as it was written is reported by `schema!()`.
        if let Ok(Some(locked)) = lock::event(folder, &alias.value()) {
            own.push(one(event, alias, folder, &locked));
        }
    }
    let merged = merges.iter().map(|merged| {
        let span = type_span(merged);
        let p = event.krate.private_at(span);
        quote_spanned!(span=> <#merged as #p::KnownEvent>::LOCKS)
    });
    quote! {
        const LOCKS: &'static #p::Locks =
            &#p::Locks { own: &[#(#own),*], merged: &[#(#merged),*] };
    }
}

/// The test of a version that is locked.
pub(super) fn test(event: &Event<'_>) -> TokenStream {
    let Event { ident, name, version, .. } = event;
    let (module, p) = (module(event), event.krate.private());
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
                #p::Sampled::<#ident>::NEW.reads(#name, #version);
            }
        }
    }
}

/// The test that the events of an aggregate which stand elsewhere are locked there.
pub(super) fn test_of_events(model: &Aggregate<'_>, home: &Literal) -> TokenStream {
    let (ident, p) = (model.ident, model.krate.private());
    let module = format_ident!("esrs_events_of_{}", model.ident.unraw(), span = Span::call_site());
    // As that of an event finds its event.
    quote! {
        #[cfg(test)]
        #[allow(dead_code, deprecated, non_camel_case_types, non_snake_case, unnameable_test_items)]
        mod #module {
            enum #ident {}
            #[#p::test]
            fn are_locked() {
                #[allow(unused_imports, clippy::wildcard_imports)]
                use super::*;
                #[allow(unused_imports)]
                use #p::StandIn as _;
                #p::Listed::<#ident>::NEW.are_locked(#home);
            }
        }
    }
}

/// The test that each golden payload of the target is read by the test of an event.
pub(super) fn test_of_golden(folder: &Folder, p: &TokenStream) -> TokenStream {
    let path = LitStr::new(&folder.path().display().to_string(), Span::call_site());
    let shown = folder.name();
    quote! {
        #[cfg(test)]
        mod esrs_golden_payloads {
            #[#p::test]
            fn are_of_what_is_locked() {
                #p::no_stray(#path, #shown);
            }
        }
    }
}

/// Expands what the test must know of what is locked under a name.
fn one(event: &Event<'_>, name: &LitStr, folder: &Folder, locked: &Locked) -> TokenStream {
    let (p, newest) = (event.krate.private(), event.version);
    let (path, shown) = (path(locked), &locked.shown);
    let golden = lock::golden(folder, &name.value());
    let golden_path = LitStr::new(&golden.path.display().to_string(), Span::call_site());
    let golden_shown = golden.shown;
    quote! {
        #p::Locked {
            name: #name,
            newest: #newest,
            lock: #p::include_str!(#path),
            lock_file: #shown,
            golden: #golden_path,
            golden_shown: #golden_shown,
        }
    }
}
