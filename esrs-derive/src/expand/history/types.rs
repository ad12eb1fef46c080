//! The type of an older version: its fields, what serde reads it by, and its shape.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{DeriveInput, Fields};

use super::open::{all_open, open, parameters, type_at};
use crate::attr::history::What;
use crate::attr::serde;
use crate::errors::Errors;
use crate::expand::schema;
use crate::krate::Krate;
use crate::model::declared as model;
use crate::model::history::History;
use crate::model::schema::{Container, build};

/// The struct or the enum of a version, without what is derived for it.
fn bare(history: &History<'_>, version: u32, for_shape: bool, krate: &Krate) -> TokenStream {
    let ident = history.ident_at(version);
    let parameters = parameters(history, version, krate);
    let container = container_words(history);
    let container = (!container.is_empty()).then(|| quote!(#[serde(#(#container),*)]));
    let bodies = history.bodies.iter().enumerate();
    let bodies = bodies.filter(|(_, body)| body.is_there_at(version));
    let bodies = bodies.map(|(of, body)| (body, fields_at(history, of, version, for_shape, krate)));
    let is_enum = history.bodies.iter().all(|body| body.variant.is_some());
    if is_enum {
        let variants = bodies.map(|(body, fields)| {
            let attributes = body.at(version).attributes(false);
            let opaque = body.opaque.iter().filter(|_| for_shape);
            let declared = for_shape.then(|| declared(&body.declared_at(version)));
            let variant = body.variant;
            quote!(#attributes #declared #(#[schema(opaque = #opaque)])* #variant #fields)
        });
        return quote!(#container pub enum #ident #parameters { #(#variants),* });
    }
    bodies
        .map(|(body, fields)| {
            let end = (!matches!(body.style, Fields::Named(_))).then(|| quote!(;));
            quote!(#container pub struct #ident #parameters #fields #end)
        })
        .collect()
}

/// Expands the attributes of serde on the older types as a whole.
fn container_words(history: &History<'_>) -> Vec<TokenStream> {
    let attrs = &history.input.attrs;
    let words = serde::words(attrs).into_iter().filter_map(|word| match word.name.as_str() {
        // What is the newest's own, or is said again.
        "crate" | "bound" => None,
        "default" => Some(quote!(default)),
        _ => Some(word.tokens),
    });
    let mut words: Vec<_> = words.collect();
    let container = serde::container(attrs);
    if container.tag.is_some() && container.names.rename.write.is_none() {
        let name = history.input.ident.to_string();
        words.push(quote!(rename = #name));
    }
    words
}

pub(super) fn definition(history: &History<'_>, version: u32, krate: &Krate) -> TokenStream {
    let p = krate.private();
    let bare = bare(history, version, false, krate);
    let path = quote!(#p::serde).to_string().replace(' ', "");
    quote! {
        #[doc(hidden)]
        #[derive(#p::serde::Deserialize)]
        #[serde(crate = #path)]
        #bare
    }
}

/// The impl of `Schema` for the type of a version; for one that has a struct, on a type in its place.
pub(super) fn shape(
    history: &History<'_>,
    version: u32,
    krate: &Krate,
    errors: &Errors,
) -> TokenStream {
    let bare = bare(history, version, true, krate);
    let Some(input) = errors.ok(syn::parse2::<DeriveInput>(bare)) else {
        return TokenStream::new();
    };
    let p = krate.private();
    let stand_in = history.is_kept(version).then(|| {
        let ident = history.ident_at(version);
        let names: Vec<_> =
            all_open(history, version, krate).into_iter().map(|open| open.name).collect();
        quote!(struct #ident<#(#names),*>(#p::PhantomData<(#(#names,)*)>);)
    });
    let container = Container::new(&input, None);
    let whole = container.declared();
    let implemented =
        build(&container, errors).map(|wire| schema::implement(&input, &wire, &whole, &p));
    quote!(#stand_in #implemented)
}

/// The fields of a body at one version, as they are declared.
fn fields_at(
    history: &History<'_>,
    of: usize,
    version: u32,
    for_shape: bool,
    krate: &Krate,
) -> TokenStream {
    let body = &history.bodies[of];
    let there = body.fields.iter().enumerate().filter(|(_, field)| field.is_there_at(version));
    let fields = there.map(|(place, field)| {
        let attributes = field.at(version).attributes(for_shape);
        let declared = for_shape.then(|| {
            declared(&field.declared_at(version, body.variant.is_none(), &history.input.attrs))
        });
        let name = field.field.ident.as_ref().map(|ident| quote!(#ident:));
        let ty = match open(field, of, place, version, krate) {
            Some(open) => open.name.into_token_stream(),
            None => field.live_type_at(version).into_token_stream(),
        };
        quote!(#attributes #declared #name #ty)
    });
    match body.style {
        Fields::Named(_) => {
            // A variant's fields are not told to be gone.
            let removed = history.removed.iter().enumerate();
            let removed = removed.filter(|(_, removed)| removed.is_there_at(version));
            let removed = removed.map(|(place, removed)| {
                let attributes = removed.past().attributes(for_shape);
                let is_gone = || declared(&model::removed(removed.version.number));
                let gone = for_shape.then(is_gone);
                let (name, ty) = (removed_name(place), &removed.ty);
                quote!(#attributes #gone #name: #ty)
            });
            let fields = fields.chain(removed);
            quote!({ #(#fields),* })
        }
        Fields::Unnamed(_) => quote!((#(#fields),*)),
        Fields::Unit => TokenStream::new(),
    }
}

/// Says of a part of an older version what is declared of it; the shape is built from it.
fn declared(text: &str) -> TokenStream {
    let word = Ident::new(model::WRITTEN, Span::call_site());
    quote!(#[#word = #text])
}

fn removed_name(place: usize) -> Ident {
    format_ident!("__removed_{place}", span = Span::mixed_site())
}

/// Expands the source from which serde fills the absent fields of an older struct, when the newest says so as
/// a whole.
pub(super) fn default(history: &History<'_>, version: u32, krate: &Krate) -> Option<TokenStream> {
    let p = krate.private();
    let words = serde::words(&history.input.attrs);
    let said = words.into_iter().find(|word| word.name == "default")?;
    let [body] = history.bodies.as_slice() else { return None };
    let own = &history.input.ident;
    let newest = match said.tokens.into_iter().last() {
        Some(proc_macro2::TokenTree::Literal(path)) => {
            let path: syn::LitStr = syn::parse2(path.into_token_stream()).ok()?;
            let path: syn::Path = path.parse().ok()?;
            quote!(#path())
        }
        _ => quote!(<#own as #p::Default>::default()),
    };
    let newest_name = Ident::new("newest", Span::mixed_site());
    let fields = body.fields.iter().filter(|field| field.is_there_at(version)).map(|field| {
        let member = &field.member;
        let is_of_another_type = field
            .after(version)
            .any(|change| matches!(change.what, What::Retyped { .. } | What::Updated { .. }));
        match is_of_another_type {
            true => quote!(#member: #p::Default::default()),
            false => quote!(#member: #newest_name.#member),
        }
    });
    let removed = history.removed.iter().enumerate();
    let removed = removed.filter(|(_, removed)| removed.is_there_at(version)).map(|(place, _)| {
        let name = removed_name(place);
        quote!(#name: #p::Default::default())
    });
    let ty = type_at(history, version, krate);
    Some(quote! {
        #[automatically_derived]
        impl #p::Default for #ty {
            fn default() -> Self {
                let #newest_name: #own = #newest;
                Self { #(#fields,)* #(#removed),* }
            }
        }
    })
}
