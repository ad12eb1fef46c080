//! `#[derive(Event)]`.
//!
//! A struct of an older version may be marked `#[deprecated]`; what is derived still names it.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Type};

use super::merges::Merges;
use super::{history, lock, schema};
use crate::errors::Errors;
use crate::model::event::{self as model, Event};
use crate::model::history::History;
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let event = model::new(input, errors)?;
    let p = event.krate.private();
    let schema = schema::implement(input, &event.wire, &event.declared, &p);
    let lock::Held { items: lock, consts: locked } = lock::event(&event);
    // What an older version lacks, or the newest has wrong, would be said again of each.
    let past = match &event.history {
        Some(history) if errors.is_empty() => {
            let from = history.from.as_ref();
            let leads_back = from.map(|from| leads_back(&event, history, from));
            Some(history::past(history, &event.krate, leads_back, errors))
        }
        _ => None,
    };
    let Event { ident, name, version, aliases, .. } = &event;
    let written = ident.unraw().to_string();
    let declared = event.history.iter().flat_map(|history| {
        history.generated().map(|version| {
            let number = Literal::u32_unsuffixed(version);
            quote!(#version => #p::decode_past::<#number, Self>(payload),)
        })
    });
    let oldest = event.history.as_ref().map_or(event.version, |history| history.oldest);
    let (older, follows) = match &event.from {
        None => (quote!(#p::Err(#p::no_such::<Self>(version, #oldest))), None),
        Some(from) => {
            let (span, p) = (type_span(from), event.krate.private_at(type_span(from)));
            let decode = quote_spanned!(span=> <#from as #p::KnownEvent>::decode_payload);
            let upcast = quote_spanned!(span=> <Self as #p::TryUpcast<#from>>::try_upcast);
            // The arguments keep their own span, which says what they are.
            let arguments = quote!(version, payload, #decode, #upcast);
            let may_refuse = |history: &History<'_>| history.may_refuse(history.oldest);
            let older = match event.history.as_ref().is_some_and(may_refuse) {
                true => quote_spanned!(span=> #p::decode_before(#arguments)),
                false => quote_spanned!(span=> #p::decode_older(#arguments)),
            };
            let follows = event.history.is_none().then(|| follows(&event, from));
            (older, follows)
        }
    };
    let Merges { functions, checks } = Merges::of(&event);
    let versions = match (&event.history, &event.from) {
        (Some(history), _) => Some(history::versions(history, &event.krate)),
        (None, Some(from)) => {
            let span = type_span(from);
            let p = event.krate.private_at(span);
            let previous =
                quote_spanned!(span=> #p::Option::Some(<#from as #p::KnownEvent>::HISTORY));
            Some(quote!(&#p::newest_version::<Self>(#p::Step::Written, 0, #previous)))
        }
        (None, None) => None,
    };
    let versions =
        versions.map(|versions| quote!(const HISTORY: &'static #p::ShapeVersion = #versions;));
    Some(quote! {
        #schema
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Emit for #ident {
            const PARTS: &'static #p::PartTypes = &#p::PartTypes::Event(#p::PartType {
                written: #written,
                name: #name,
                version: #version,
            });
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Event for #ident {
            const USE_THE_DERIVE: #p::ByDerive = #p::ByDerive::GENERATED;
            const NAME: &'static #p::str = #name;
            const VERSION: #p::u32 = #version;
            const ALIASES: &'static [&'static #p::str] = &[#(#aliases),*];
            #locked
            #versions
            #[inline]
            fn decode(version: #p::u32, payload: &#p::str) -> #p::Result<Self, #p::PayloadError> {
                match version {
                    #version => #p::decode_current(payload),
                    #(#declared)*
                    _ => #older,
                }
            }
            #functions
        }
        #past
        #follows
        #lock
        #checks
    })
}

/// Fails to compile, on the name of the version before, when it is not that.
fn follows(event: &Event<'_>, from: &Type) -> TokenStream {
    let Event { ident, version, .. } = event;
    let span = type_span(from);
    let p = event.krate.private_at(span);
    let from_text = text(from);
    let before = version - 1;
    let other_name = other_name(event, &from_text);
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
        "`{from_text}` merges events that `{ident}`, which follows it, does not: move its `merges(…)` to \
         `{ident}`, and write `impl Upcast<…> for {ident}` for each event in it"
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

/// Fails to compile, on the name of the struct that the declared steps begin with, when they do not.
fn leads_back(event: &Event<'_>, history: &History<'_>, from: &Type) -> TokenStream {
    let Event { ident, name, .. } = event;
    let span = type_span(from);
    let p = event.krate.private_at(span);
    let from_text = text(from);
    let oldest = history.oldest;
    let stand_in = history::type_at(history, oldest, &event.krate);
    let other_name = other_name(event, &from_text);
    let first = oldest + 1;
    let gap = format!(
        "what is declared of `{ident}` begins with version {first}, and `{from_text}`, which comes \
         before it, is not version {oldest}: declare what each version after `{from_text}` changed, \
         or let `from` name the struct of version {oldest}"
    );
    let another = format!(
        "what is declared of `{ident}` leads back to another shape than that of `{from_text}`"
    );
    let by_hand = match oldest + 1 == event.version {
        true => format!(
            "or:     drop what is declared, and write `impl Upcast<{from_text}> for {ident}` by hand"
        ),
        false => format!(
            "or:     keep a struct of version {first}, with an `Upcast<{from_text}>` by hand, and let \
             `from` name that"
        ),
    };
    let ways = format!(
        "\neither: declare what became of it in version {first} or later: `added(…)`, `renamed(…)` or \
         `retyped(…)` on the field, or `removed(…)` in the `#[event(…)]` of `{ident}`\n{by_hand}"
    );
    quote_spanned! {span=>
        const _: () = #p::leads_back(
            &<#from as #p::KnownEvent>::TYPE,
            #name,
            #oldest,
            (<#stand_in as #p::Schema>::SHAPE, <#stand_in as #p::Schema>::FINGERPRINT),
            #other_name,
            #gap,
            (#another, #ways),
        );
    }
}

fn text(from: &Type) -> String {
    quote!(#from).to_string().replace(' ', "")
}

fn other_name(event: &Event<'_>, from_text: &str) -> String {
    let (ident, name) = (event.ident, event.name.value());
    format!(
        "`{ident}` is stored as {name:?}, and `{from_text}`, which it follows, under another name: \
         write `#[event({name:?}, …)]` on `{from_text}` too, and an older name into `aliases(…)`"
    )
}

/// Expands an event with a mistake in it, so that its uses elsewhere are not reported too.
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
                const USE_THE_DERIVE: #p::ByDerive = #p::ByDerive::GENERATED;
                const NAME: &'static #p::str = #name;
                const VERSION: #p::u32 = #version;
                const ALIASES: &'static [&'static #p::str] = &[];
                fn decode(version: #p::u32, _: &#p::str) -> #p::Result<Self, #p::PayloadError> {
                    #p::Err(#p::no_such::<Self>(version, #version))
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

/// Returns true if serde can read and write the type, which an impl of `Event` asks for.
fn is_possible(input: &DeriveInput) -> bool {
    let owns_its_data = match &input.data {
        Data::Struct(data) => !data.fields.iter().any(|f| matches!(f.ty, Type::Reference(_))),
        Data::Enum(_) => true,
        Data::Union(_) => false,
    };
    owns_its_data && input.generics.params.is_empty()
}
