//! The derive macros of esrs; their documentation stands on the re-exports of the facade.
//!
//! Each goes through the same passes: `attr` parses attributes, `model` says what the type is in
//! terms of the domain, keeps the spans, and has `check` look for rules that no single attribute breaks,
//! and `expand` writes the code. All errors of a derive are collected, each on the token it is
//! about, and reported at once.

#![allow(missing_docs, reason = "the documentation stands on the re-exports of the facade")]

mod attr;
mod check;
mod errors;
mod expand;
#[cfg(test)]
mod expansions;
mod fold;
mod krate;
mod lock;
mod model;

use proc_macro::TokenStream;
use syn::parse::Parser;
use syn::{DeriveInput, parse_macro_input};

use errors::Errors;

#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let krate = errors.ok(attr::lock::parse.parse(input)).flatten();
    let watched = expand::lock::schema(&krate::Krate::new(krate).private(), &errors);
    let errors = errors.finish();
    quote::quote!(#errors #watched).into()
}

type Derive = fn(&DeriveInput, &Errors) -> Option<proc_macro2::TokenStream>;
type Fallback = fn(&DeriveInput) -> proc_macro2::TokenStream;

#[proc_macro_derive(Event, attributes(event, schema))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    run(input, expand::event::derive, expand::event::fallback)
}

#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    run(input, expand::schema::derive, expand::schema::fallback)
}

#[proc_macro_derive(Id, attributes(id, schema))]
pub fn derive_id(input: TokenStream) -> TokenStream {
    run(input, expand::id::derive, expand::id::fallback)
}

#[proc_macro_derive(Column, attributes(column))]
pub fn derive_column(input: TokenStream) -> TokenStream {
    run(input, expand::column::derive, expand::column::fallback)
}

#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    run(input, expand::aggregate::derive, expand::aggregate::fallback)
}

#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(input: TokenStream) -> TokenStream {
    run(input, expand::projection::derive, expand::projection::fallback)
}

/// Runs the passes; on an error the fallback's impls keep the rest of the user's crate compiling,
/// so that one mistake is not reported forty times.
fn run(input: TokenStream, derive: Derive, fallback: Fallback) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let errors = Errors::new();
    let expanded = derive(&input, &errors);
    match (errors.finish(), expanded) {
        (None, Some(expanded)) => {
            let of_this_version = krate::Krate::of_attributes(&input.attrs).check_version();
            quote::quote!(#of_this_version #expanded)
        }
        (None, None) => unreachable_without_error(&input),
        (Some(compile_errors), _) => {
            let fallback = fallback(&input);
            quote::quote!(#compile_errors #fallback)
        }
    }
    .into()
}

/// A pass gave up and did not say why; better seen here than as a missing impl elsewhere.
fn unreachable_without_error(input: &DeriveInput) -> proc_macro2::TokenStream {
    let message = "esrs gave up on this type without saying why; please report it";
    syn::Error::new_spanned(&input.ident, message).into_compile_error()
}
