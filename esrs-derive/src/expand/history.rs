//! The structs of older versions, and how each becomes the newest.
//!
//! Each older struct is brought straight to the newest: what one version added and another removed is
//! never made.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{DeriveInput, Fields};

use super::aggregate::respanned;
use super::schema;
use crate::attr::history::{Change, Conversion, What};
use crate::attr::serde;
use crate::errors::Errors;
use crate::fold::hash::TokenHash;
use crate::krate::Krate;
use crate::model::declared as model;
use crate::model::history::{Body, Field, History};
use crate::model::schema::{Container, build};

/// The structs of the versions that the type tells of, and their way to the newest.
///
/// `checks` are what else is asked of them.
pub(crate) fn past(
    history: &History<'_>,
    krate: &Krate,
    checks: Option<TokenStream>,
    errors: &Errors,
) -> TokenStream {
    let versions: TokenStream = history
        .generated()
        .map(|version| {
            let definition = definition(history, version, krate);
            let default = default(history, version, krate);
            let from_past = from_past(history, version, krate);
            quote!(#definition #default #from_past)
        })
        .collect();
    let shapes: TokenStream =
        history.past_versions().map(|version| shape(history, version, krate, errors)).collect();
    let values = values(history, krate);
    let upcast = history.from.as_ref().map(|_| upcast(history, krate));
    let changes: TokenStream = (history.oldest + 1..=history.version)
        .filter_map(|version| changes(history, version, krate))
        .collect();
    quote! {
        #[allow(deprecated, dead_code)]
        const _: () = {
            #versions
            #shapes
            #values
            #upcast
            #changes
            #checks
        };
    }
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

/// What the older types leave open: an older version of a type that a field held.
///
/// They are parameters, so that a type which does not know that version is reported where it is asked
/// for, and not once for every use of the older type.
struct Open {
    name: Ident,
    span: Span,
    /// The older version.
    ty: TokenStream,
}

fn open(field: &Field<'_>, of: usize, place: usize, version: u32, krate: &Krate) -> Option<Open> {
    let held = field.held_at(version)?;
    let (live, p) = (field.live_type_at(version), krate.private_at(held.span));
    let live = respanned(&quote!(#live), held.span);
    let number = literal(held.number, held.span);
    Some(Open {
        name: format_ident!("__Held{of}_{place}", span = Span::mixed_site()),
        span: held.span,
        ty: quote_spanned!(held.span=> <#live as #p::PastVersion<#number>>::Past),
    })
}

fn all_open(history: &History<'_>, version: u32, krate: &Krate) -> Vec<Open> {
    let bodies = history.bodies.iter().enumerate();
    let fields = bodies.filter(|(_, body)| body.is_there_at(version)).flat_map(|(of, body)| {
        body.fields.iter().enumerate().map(move |(place, field)| (of, place, field))
    });
    fields
        .filter(|(_, _, field)| field.is_there_at(version))
        .filter_map(|(of, place, field)| open(field, of, place, version, krate))
        .collect()
}

/// The type of a version, with nothing left open.
pub(crate) fn type_at(history: &History<'_>, version: u32, krate: &Krate) -> TokenStream {
    let mut ident = history.ident_at(version);
    let open = all_open(history, version, krate);
    match open.as_slice() {
        [] => quote!(#ident),
        [first, ..] => {
            // Where an unknown version is reported; at the derive, it would be said once more.
            ident.set_span(first.span);
            let types = open.iter().map(|open| &open.ty);
            quote_spanned!(first.span=> #ident<#(#types),*>)
        }
    }
}

/// `<…>` of what is left open.
fn parameters(history: &History<'_>, version: u32, krate: &Krate) -> Option<TokenStream> {
    let names: Vec<_> =
        all_open(history, version, krate).into_iter().map(|open| open.name).collect();
    (!names.is_empty()).then(|| quote!(<#(#names),*>))
}

fn literal(number: u32, span: Span) -> Literal {
    let mut literal = Literal::u32_unsuffixed(number);
    literal.set_span(span);
    literal
}

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

/// What serde is told of the older types as a whole.
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

fn definition(history: &History<'_>, version: u32, krate: &Krate) -> TokenStream {
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

/// The impl of `Schema` for the type of a version; for one that is kept, on a type in its place.
fn shape(history: &History<'_>, version: u32, krate: &Krate, errors: &Errors) -> TokenStream {
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

/// What serde fills the absent fields of an older struct from, when the newest says so as a whole.
fn default(history: &History<'_>, version: u32, krate: &Krate) -> Option<TokenStream> {
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

/// The way from the type of a version to the newest.
fn from_past(history: &History<'_>, version: u32, krate: &Krate) -> TokenStream {
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

/// The step from the struct that is kept.
fn upcast(history: &History<'_>, krate: &Krate) -> TokenStream {
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

/// The function that holds an expression of the user's.
fn function_name(change: &Change, of: usize, place: usize) -> Ident {
    let (word, version) = (&change.word, change.version.number);
    format_ident!("__{word}_{of}_{place}_in_{version}", span = Span::mixed_site())
}

/// One function for each expression of the user's, so that it is compiled, and wrong, once.
fn values(history: &History<'_>, krate: &Krate) -> TokenStream {
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

/// Fails to compile when a version has the shape of the one before it.
fn changes(history: &History<'_>, version: u32, krate: &Krate) -> Option<TokenStream> {
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

/// What an event's `HISTORY` is: each version, and what led to it.
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

/// What led to a version.
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
fn code(history: &History<'_>, krate: &Krate) -> TokenStream {
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
