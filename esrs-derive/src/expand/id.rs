//! `#[derive(Id)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::DeriveInput;

use super::{column, schema};
use crate::attr::meta;
use crate::errors::Errors;
use crate::krate::Krate;
use crate::model::id::{self as model, Id};
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let id = model::new(input, errors)?;
    let p = id.krate.private();
    let schema = schema::implement(input, &id.wire, "", &p);
    let Id { ident, value, .. } = &id;
    // Named at the value's type, where an error about what it lacks is then shown.
    let span = type_span(value);
    let at_value = id.krate.private_at(span);
    let by = |name: &str| {
        let name = Ident::new(name, span);
        quote_spanned!(span=> <#value as #at_value::#name>)
    };
    let (display, from_str) = (by("Display"), by("FromStr"));
    let column = column::by_value(ident, value, &id.krate);
    // Wholly at that place, so that the compiler finds its two errors to be one.
    let from_text = quote_spanned! {span=>
        #[automatically_derived]
        #[allow(deprecated)]
        impl #at_value::FromStr for #ident {
            type Err = #from_str::Err;
            fn from_str(text: &#at_value::str) -> #at_value::Result<Self, #from_str::Err> {
                #at_value::Result::map(#from_str::from_str(text), Self)
            }
        }
    };
    Some(quote! {
        #schema
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Display for #ident {
            fn fmt(&self, formatter: &mut #p::Formatter<'_>) -> #p::FmtResult {
                #display::fmt(&self.0, formatter)
            }
        }
        #from_text
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::From<#value> for #ident {
            fn from(value: #value) -> Self {
                Self(value)
            }
        }
        #column
    })
}

/// Expands an id with a mistake in it, so that its uses elsewhere are not reported too.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    // They were reported already.
    let errors = Errors::new();
    let krate = meta::only_crate(&input.attrs, "id", &errors);
    drop(errors.finish());
    let p = Krate::new(krate).private();
    let (schema, column) = (schema::unknown(input, &p), column::unknown(input, &p));
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #schema
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #p::Display for #ident #ty_generics #where_clause {
            fn fmt(&self, _: &mut #p::Formatter<'_>) -> #p::FmtResult {
                #p::not_generated()
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #p::FromStr for #ident #ty_generics #where_clause {
            type Err = #p::String;
            fn from_str(_: &#p::str) -> #p::Result<Self, #p::String> {
                #p::not_generated()
            }
        }
        #column
    }
}
