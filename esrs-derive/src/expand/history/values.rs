//! The functions that hold the expressions of the user's: defaults and conversions.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::attr::history::{Change, Conversion, What};
use crate::expand::aggregate::respanned;
use crate::krate::Krate;
use crate::model::history::History;

/// The function that holds an expression of the user's.
pub(super) fn function_name(change: &Change, of: usize, place: usize) -> Ident {
    let (word, version) = (&change.word, change.version.number);
    format_ident!("__{word}_{of}_{place}_in_{version}", span = Span::mixed_site())
}

/// One function for each expression of the user's, so that it is compiled, and wrong, once.
pub(super) fn values(history: &History<'_>, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let mut values = TokenStream::new();
    for (of, body) in history.bodies.iter().enumerate() {
        for (place, field) in body.fields.iter().enumerate() {
            for change in &field.changes {
                let name = function_name(change, of, place);
                let to = field.live_type_at(change.version.number);
                values.extend(match &change.what {
                    What::Added { default: Some(default) } => quote! {
                        #[inline]
                        fn #name() -> #to {
                            #default
                        }
                    },
                    What::Added { default: None } => {
                        let span = change.word.span();
                        let value = quote_spanned!(span=> <#to as #p::AddedValue>::added_value());
                        quote! {
                            #[inline]
                            fn #name() -> #to {
                                #value
                            }
                        }
                    }
                    What::Retyped { from, with, .. } => {
                        let old = Ident::new("old", Span::mixed_site());
                        let function = Ident::new("function", Span::mixed_site());
                        let Conversion { function: with, tried } = with;
                        let span = syn::spanned::Spanned::span(with);
                        // So that a function of another type is said on the function alone.
                        let made = respanned(&quote!(#to), span);
                        if tried.is_some() {
                            let there = krate.private_at(span);
                            let ty = quote_spanned!(span=> fn(#from) -> #there::Result<#made, _>);
                            let number = change.version.number;
                            let (before, field) = (number - 1, field.name_at(number, &body.rule));
                            // So is one whose error is none.
                            let function = Ident::new("function", span);
                            values.extend(quote! {
                                #[inline]
                                fn #name(#old: #from) -> #p::Result<#to, #p::PayloadError> {
                                    let #function: #ty = #with;
                                    #p::retyped(#before, #field, #function, #old)
                                }
                            });
                            continue;
                        }
                        let ty = quote_spanned!(span=> fn(#from) -> #made);
                        quote! {
                            #[inline]
                            fn #name(#old: #from) -> #to {
                                let #function: #ty = #with;
                                #function(#old)
                            }
                        }
                    }
                    What::Renamed { .. } | What::Updated { .. } => TokenStream::new(),
                });
            }
        }
    }
    values
}
