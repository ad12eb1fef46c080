//! The way from the type of an older version to the newest.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::open::{all_open, literal, type_at};
use super::values::function_name;
use super::versions::code;
use crate::attr::history::What;
use crate::expand::aggregate::respanned;
use crate::krate::Krate;
use crate::model::history::{Body, Field, History};

/// The way from the type of a version to the newest.
pub(super) fn from_past(history: &History<'_>, version: u32, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let ty = type_at(history, version, krate);
    let own = &history.input.ident;
    let ident = history.ident_at(version);
    let number = Literal::u32_unsuffixed(version);
    let past = Ident::new("past", Span::mixed_site());
    let arms = history.bodies.iter().enumerate().filter(|(_, body)| body.is_there_at(version));
    let arms: Vec<_> = arms
        .map(|(of, body)| {
            let there = body.fields.iter().enumerate();
            let bound = there.filter(|(_, field)| field.is_there_at(version));
            let bound = bound.map(|(place, field)| {
                let (member, name) = (&field.member, bound_name(place));
                quote!(#member: #name)
            });
            let rest = history.removed.iter().any(|removed| removed.is_there_at(version));
            let rest = rest.then(|| quote!(..));
            let variant = body.variant.map(|variant| quote!(::#variant));
            let fields = made(body, of, version, krate, |place, _| {
                let name = bound_name(place);
                quote!(#name)
            });
            let made = quote!(#own #variant { #fields });
            let made = match history.may_refuse(version) {
                true => quote!(#p::Ok(#made)),
                false => made,
            };
            (quote!(#ident #variant { #(#bound,)* #rest }), made)
        })
        .collect();
    let body = match arms.as_slice() {
        [(pattern, made)] if history.bodies.iter().all(|body| body.variant.is_none()) => quote! {
            let #pattern = #past;
            #made
        },
        arms => {
            let arms = arms.iter().map(|(pattern, made)| quote!(#pattern => #made,));
            quote!(match #past { #(#arms)* })
        }
    };
    // Where an unknown version is reported; said at another place, it would be said twice.
    let open = all_open(history, version, krate);
    let span = open.first().map_or_else(Span::call_site, |open| open.span);
    let past_type = quote_spanned!(span=> type Past = #ty;);
    if history.may_refuse(version) {
        let function = quote_spanned! {span=>
            #[inline]
            fn try_from_past(#past: #ty) -> #p::Result<Self, #p::PayloadError> {
                #body
            }
        };
        return quote! {
            #[automatically_derived]
            impl #p::DeclaredVersion<#number> for #own {
                #past_type
                #function
            }
        };
    }
    let code = code(history, krate);
    let function = quote_spanned! {span=>
        #[inline]
        fn from_past(#past: #ty) -> Self {
            #body
        }
    };
    quote! {
        #[automatically_derived]
        impl #p::PastVersion<#number> for #own {
            #past_type
            const CODE: #p::u64 = #code;
            #function
        }
    }
}

fn bound_name(place: usize) -> Ident {
    format_ident!("field_{place}", span = Span::mixed_site())
}

/// The step from the struct that is there.
pub(super) fn upcast(history: &History<'_>, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let (own, from) = (&history.input.ident, &history.from);
    let old = Ident::new("old", Span::mixed_site());
    let made = history.bodies.iter().enumerate().map(|(of, body)| {
        made(body, of, history.oldest, krate, |_, field| {
            let member = field.rust_name_at(history.oldest, &body.rule);
            quote!(#old.#member)
        })
    });
    if history.may_refuse(history.oldest) {
        return quote! {
            #[automatically_derived]
            impl #p::TryUpcast<#from> for #own {
                type Error = #p::PayloadError;
                #[inline]
                fn try_upcast(#old: #from) -> #p::Result<Self, #p::PayloadError> {
                    #p::Ok(Self { #(#made)* })
                }
            }
        };
    }
    quote! {
        #[automatically_derived]
        impl #p::Upcast<#from> for #own {
            #[inline]
            fn upcast(#old: #from) -> Self {
                Self { #(#made)* }
            }
        }
    }
}

/// The fields of the newest, from those of a version.
fn made(
    body: &Body<'_>,
    of: usize,
    version: u32,
    krate: &Krate,
    read: impl Fn(usize, &Field<'_>) -> TokenStream,
) -> TokenStream {
    let fields = body.fields.iter().enumerate().map(|(place, field)| {
        let mut value = field.is_there_at(version).then(|| read(place, field));
        // What a function or a default has made is of the newest version of its type.
        let mut is_newest = false;
        let mut live = field.live_type_at(version);
        for change in field.after(version) {
            match &change.what {
                What::Renamed { .. } => {}
                What::Added { .. } => {
                    let function = function_name(change, of, place);
                    value = Some(quote!(#function()));
                    is_newest = true;
                }
                What::Retyped { .. } => {
                    let function = function_name(change, of, place);
                    let refused = change.tried().map(|_| quote!(?));
                    value = Some(quote!(#function(#value)#refused));
                    is_newest = true;
                    live = field.live_type_at(change.version.number);
                }
                What::Updated { .. } if is_newest => {}
                What::Updated { from } => {
                    let (number, p) =
                        (literal(from.number, from.span), krate.private_at(from.span));
                    let live = respanned(&quote!(#live), from.span);
                    let from_past = quote_spanned! {from.span=>
                        <#live as #p::PastVersion<#number>>::from_past
                    };
                    let p = krate.private();
                    value = Some(quote!(#p::updated(#value, #from_past)));
                    is_newest = true;
                }
            }
        }
        let member = &field.member;
        quote!(#member: #value)
    });
    quote!(#(#fields),*)
}
