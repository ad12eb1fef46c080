//! The events that became another one: what `merges(…)` adds to the impl of `Event`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};

use crate::model::event::Event;
use crate::model::schema::type_span;

/// Nothing for an event that merges none.
#[derive(Default)]
pub(super) struct Merges {
    /// The functions in the impl of `Event`.
    pub(super) functions: TokenStream,
    /// The checks next to it.
    pub(super) checks: TokenStream,
}

impl Merges {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let Event { ident, name, merges, .. } = event;
        if merges.is_empty() {
            return Self::default();
        }
        let p = event.krate.private();
        let written: Vec<_> = merges.iter().map(text).chain([ident.to_string()]).collect();
        let (mut types, mut arms) = (TokenStream::new(), TokenStream::new());
        let (mut names, mut in_turn) = (TokenStream::new(), TokenStream::new());
        let mut checks = TokenStream::new();
        for (place, merged) in merges.iter().enumerate() {
            // A bound that does not hold is reported on the event that is listed.
            let span = type_span(merged);
            let p = event.krate.private_at(span);
            let known = quote_spanned!(span=> <#merged as #p::KnownEvent>);
            types.extend(quote_spanned!(span=> #p::merged_type::<#merged>(),));
            names.extend(quote_spanned!(span=> #known::NAME,));
            in_turn.extend(quote_spanned!(span=> #known::MERGED_NAMES,));
            let decode = quote_spanned!(span=> #known::decode_stored);
            let upcast = quote_spanned!(span=> <Self as #p::TryUpcast<#merged>>::try_upcast);
            // The arguments keep their own span, which says what they are.
            let arguments = quote!(#place, stored, payload, #decode, #upcast);
            arms.extend(quote_spanned! {span=>
                #p::Option::Some((#place, stored)) => #p::decode_merged(#arguments),
            });
            let (own, written_here) = (ident.to_string(), &written[place]);
            checks.extend(quote_spanned! {span=>
                #[allow(deprecated)]
                const _: () = #p::no_merge_in_turn(
                    #name,
                    (#known::NAME, #known::MERGED_NAMES),
                    (#own, #written_here),
                );
                #[allow(deprecated)]
                const _: () = #p::merge_clash(
                    &<#ident as #p::KnownEvent>::TYPE,
                    #place,
                    &[#(#written),*],
                );
            });
        }
        let functions = quote! {
            const MERGED_NAMES: &'static [&'static #p::str] = &[#names];
            const MERGES: &'static [#p::EventType] =
                if #p::merge_each_other(#name, &[#in_turn]) { &[] } else { &[#types] };
            fn decode_merged(
                stored: #p::StoredAs,
                payload: &#p::str,
            ) -> #p::Result<Self, #p::PayloadError> {
                match #p::merged::<Self>(stored) {
                    #arms
                    _ => #p::Err(#p::no_such_merged(stored)),
                }
            }
        };
        Self { functions, checks }
    }
}

/// A type as it is written.
fn text(ty: &impl ToTokens) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
