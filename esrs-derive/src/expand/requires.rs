//! The demands of an aggregate of every command, as a list of types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::aggregate::respanned;
use crate::attr::aggregate::Demand;
use crate::model::aggregate::Aggregate;

/// The list.
pub(super) fn list(model: &Aggregate<'_>) -> TokenStream {
    let private = model.krate.private();
    model.requires.iter().rev().fold(quote!(()), |rest, demand| {
        let demand = match demand {
            Demand::Word(word) if word == "actor" => quote!(#private::Actor),
            Demand::Word(word) if word == "causation" => quote!(#private::Causation),
            Demand::Word(_) => quote!(#private::Correlation),
            Demand::Key(key) => quote!(#private::TypedKey<#key>),
        };
        quote!(#private::Lacking<#demand, #rest>)
    })
}

/// Expands the check that each key is one, and that no two are one: nothing else tells a type from another.
pub(super) fn keys(model: &Aggregate<'_>) -> TokenStream {
    let (ident, private) = (model.ident, model.krate.private());
    let keys = || model.requires.iter().filter_map(Demand::key).enumerate();
    let asked = keys().map(|(_, key)| {
        // A type that is no key is reported where it is listed.
        let span = key.span();
        let respanned = respanned(&private, span);
        let asked = quote_spanned!(span=> <#key as #respanned::MetadataKey>::KEY);
        quote!(const _: &#private::str = #asked;)
    });
    let pairs = keys().flat_map(|key| keys().map(move |other| (key, other)));
    let beside = pairs.map(|((number, key), (others_number, other))| {
        let is = match number == others_number {
            true => quote!(TheSame),
            false => quote!(Another),
        };
        quote! {
            #[automatically_derived]
            impl #private::Beside<#ident, #other> for #key {
                type Is = #private::#is;
            }
        }
    });
    asked.chain(beside).collect()
}
