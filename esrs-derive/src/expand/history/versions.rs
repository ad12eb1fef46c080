//! The history of a type as a value: each version, and what led to it.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::open::{literal, type_at};
use crate::attr::history::What;
use crate::expand::aggregate::respanned;
use crate::fold::hash::TokenHash;
use crate::krate::Krate;
use crate::model::history::History;

/// Fails to compile when a version has the shape of the one before it.
pub(super) fn changes(history: &History<'_>, version: u32, krate: &Krate) -> Option<TokenStream> {
    let word = history.words_in(version).into_iter().next()?;
    let p = krate.private_at(word.span());
    let own = &history.input.ident;
    let before = version - 1;
    let sentence = format!(
        "version {version} of `{own}` has the shape of version {before}, so nothing changed that is \
         stored\neither: if version {version} is not locked, remove what is declared of it, and lower \
         `version` and each later `in` by one\nor:     if version {version} is locked, put back what made it differ"
    );
    let shape = |version: u32| {
        let ty = match version == history.version {
            true => quote!(#own),
            false => type_at(history, version, krate),
        };
        quote_spanned! {word.span()=>
            (<#ty as #p::Schema>::SHAPE, <#ty as #p::Schema>::FINGERPRINT)
        }
    };
    let (before, after) = (shape(before), shape(version));
    Some(quote_spanned! {word.span()=>
        const _: () = #p::changes(#before, #after, #sentence);
    })
}

/// Expands an event's `HISTORY`: each version, and what led to it.
pub(crate) fn versions(history: &History<'_>, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let own = &history.input.ident;
    let name = |version: u32| format_ident!("__HISTORY_{version}", span = Span::mixed_site());
    let mut consts = TokenStream::new();
    for version in history.oldest..=history.version {
        let number = Literal::u32_unsuffixed(version);
        let made = match (&history.from, version == history.oldest) {
            (Some(from), true) => quote!(<#from as #p::KnownEvent>::HISTORY),
            (None, true) => {
                quote!(&#p::past_version::<#number, #own>(#p::Step::First, 0, #p::Option::None))
            }
            (_, false) => {
                let step = step(history, version, &p);
                let previous = name(version - 1);
                if version == history.version {
                    let code = code(history, krate);
                    quote!(&#p::newest_version::<#own>(#step, #code, #p::Option::Some(#previous)))
                } else {
                    quote! {
                        &#p::past_version::<#number, #own>(#step, 0, #p::Option::Some(#previous))
                    }
                }
            }
        };
        let name = name(version);
        consts.extend(quote!(const #name: &'static #p::ShapeVersion = #made;));
    }
    let newest = name(history.version);
    quote!({ #consts #newest })
}

/// Expands the step that led to a version.
fn step(history: &History<'_>, version: u32, p: &TokenStream) -> TokenStream {
    let mut steps = Vec::new();
    for body in &history.bodies {
        for field in &body.fields {
            let name = field.name_at(version, &body.rule);
            for change in &field.changes {
                if change.version.number != version {
                    continue;
                }
                steps.push(match &change.what {
                    What::Added { .. } => quote!(Added { field: #name }),
                    What::Renamed { from } => quote!(Renamed { from: #from, to: #name }),
                    What::Retyped { .. } => quote!(Retyped { field: #name }),
                    What::Updated { from } => {
                        let from = from.number;
                        quote!(Updated { field: #name, from: #from })
                    }
                });
            }
        }
    }
    for removed in &history.removed {
        let name = &removed.name;
        if removed.version.number == version {
            steps.push(quote!(Removed { field: #name }));
        }
        if removed.since.is_some_and(|since| since.number == version) {
            steps.push(quote!(Added { field: #name }));
        }
    }
    quote!(#p::Step::Declared(&[#(#p::FieldChange::#steps),*]))
}

/// The hash of the steps' code, and of that of the types that are brought up to date in them.
pub(super) fn code(history: &History<'_>, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let mut hash = TokenHash::new();
    hash.write_tokens(history.code());
    let mut code = Literal::u64_suffixed(hash.finish().max(1)).into_token_stream();
    for field in history.bodies.iter().flat_map(|body| &body.fields) {
        for change in &field.changes {
            if let What::Updated { from } = &change.what {
                let live = field.live_type_at(change.version.number.saturating_sub(1));
                let number = literal(from.number, from.span);
                let at = krate.private_at(from.span);
                let live = respanned(&quote!(#live), from.span);
                let step = quote_spanned! {from.span=>
                    <#live as #at::PastVersion<#number>>::CODE
                };
                code = quote!(#p::code_and(#code, #step));
            }
        }
    }
    code
}
