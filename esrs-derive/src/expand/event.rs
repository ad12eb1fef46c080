//! `#[derive(Event)]`.
//!
//! A struct of an older version may be marked `#[deprecated]`; what is derived still names it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Type};

use super::merges::Merges;
use super::{lock, schema};
use crate::errors::Errors;
use crate::model::event::{self as model, Event};
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let event = model::new(input, errors)?;
    let p = event.krate.private();
    let schema = schema::implement(input, &event.wire, &p);
    let lock::Held { items: lock, up_to: locked_up_to } = lock::event(&event, errors);
    let Event { ident, name, version, aliases, .. } = &event;
    let (older, follows) = match &event.from {
        None => (quote!(#p::Err(#p::no_older::<Self>(version))), None),
        Some(from) => {
            let (span, p) = (type_span(from), event.krate.private_at(type_span(from)));
            let decode = quote_spanned!(span=> <#from as #p::KnownEvent>::decode_payload);
            let upcast = quote_spanned!(span=> <Self as #p::TryUpcast<#from>>::try_upcast);
            // The arguments keep their own span, which says what they are.
            let arguments = quote!(version, payload, #decode, #upcast);
            let older = quote_spanned!(span=> #p::decode_older(#arguments));
            (older, Some(follows(&event, from)))
        }
    };
    let locked_up_to =
        (locked_up_to > 0).then(|| quote!(const LOCKED_UP_TO: #p::u32 = #locked_up_to;));
    let Merges { functions, checks } = Merges::of(&event);
    Some(quote! {
        #schema
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Emit for #ident {}
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Event for #ident {
            const NAME: &'static #p::str = #name;
            const VERSION: #p::u32 = #version;
            const ALIASES: &'static [&'static #p::str] = &[#(#aliases),*];
            #locked_up_to
            #[inline]
            fn decode(version: #p::u32, payload: &#p::str) -> #p::Result<Self, #p::PayloadError> {
                match version {
                    #version => #p::decode_current(payload),
                    _ => #older,
                }
            }
            #functions
        }
        #follows
        #lock
        #checks
    })
}

/// Fails to compile, on the name of the version before, when it is not that.
fn follows(event: &Event<'_>, from: &Type) -> TokenStream {
    let Event { ident, name, version, .. } = event;
    let span = type_span(from);
    let p = event.krate.private_at(span);
    let from_text = quote!(#from).to_string().replace(' ', "");
    let before = version - 1;
    let other_name = format!(
        "`{ident}` is stored as {name:?}, and `{from_text}`, which it follows, under another name: \
         write `#[event({name:?}, …)]` on `{from_text}` too, and an older name into `aliases(…)`",
        name = name.value(),
    );
    let gap = format!(
        "version {version} of `{ident}` follows version {before}, and `{from_text}` has another \
         number: let `from` name the struct of version {before}, or correct the numbers"
    );
    let unchanged = format!(
        "`{ident}` has the shape of `{from_text}`, so there is nothing to bring up to date: \
         drop `version = {version}` and `from = {from_text}`; or if a field has another meaning now, \
         give it another name"
    );
    let lost = format!(
        "`{from_text}` merges events that `{ident}`, which follows it, does not: move its \
         `merges(…)` to `{ident}`, with a step from each of them to `{ident}`"
    );
    quote_spanned! {span=>
        #[allow(deprecated)]
        const _: () = #p::follows(
            &<#from as #p::KnownEvent>::TYPE,
            &<#ident as #p::KnownEvent>::TYPE,
            #other_name,
            #gap,
            #unchanged,
            #lost,
        );
    }
}

/// What is left of an event with a mistake in it, so that its uses elsewhere are not reported too.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    let remains = model::remains(input);
    let p = remains.krate.private();
    let schema = schema::unknown(input, &p);
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let event = is_possible(input).then(|| {
        let model::Remains { name, version, .. } = &remains;
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #p::Event for #ident {
                const NAME: &'static #p::str = #name;
                const VERSION: #p::u32 = #version;
                const ALIASES: &'static [&'static #p::str] = &[];
                fn decode(version: #p::u32, _: &#p::str) -> #p::Result<Self, #p::PayloadError> {
                    #p::Err(#p::no_older::<Self>(version))
                }
            }
        }
    });
    quote! {
        #schema
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #p::Emit for #ident #ty_generics #where_clause {}
        #event
    }
}

/// Whether serde can read and write the type, which an impl of `Event` asks for.
fn is_possible(input: &DeriveInput) -> bool {
    let owns_its_data = match &input.data {
        Data::Struct(data) => !data.fields.iter().any(|f| matches!(f.ty, Type::Reference(_))),
        Data::Enum(_) => true,
        Data::Union(_) => false,
    };
    owns_its_data && input.generics.params.is_empty()
}
