//! `#[derive(Id)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::DeriveInput;

use super::schema;
use crate::attr::id as attr;
use crate::errors::Errors;
use crate::krate::Krate;
use crate::model::id::{self as model, Id};
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let id = model::new(input, errors)?;
    let p = id.krate.private();
    let schema = schema::implement(input, &id.wire, &p);
    let Id { ident, value, .. } = &id;
    let span = type_span(value);
    let at_value = id.krate.private_at(span);
    let is_value = quote_spanned!(span=> <#value as #at_value::IdValue>);
    let this = quote_spanned!(span=> &self.0);
    Some(quote! {
        #schema
        #[automatically_derived]
        impl #p::Display for #ident {
            fn fmt(&self, formatter: &mut #p::Formatter<'_>) -> #p::FmtResult {
                #is_value::write(#this, formatter)
            }
        }
        #[automatically_derived]
        impl #p::FromStr for #ident {
            type Err = #is_value::Error;
            fn from_str(text: &#p::str) -> #p::Result<Self, Self::Err> {
                #p::Result::map(#is_value::read(text), Self)
            }
        }
        #[automatically_derived]
        impl #p::From<#value> for #ident {
            fn from(value: #value) -> Self {
                Self(value)
            }
        }
        #[automatically_derived]
        impl #p::Column for #ident {
            const TYPE: #p::ColumnType = #is_value::COLUMN;
            fn to_value(&self) -> #p::Result<#p::Value, #p::ColumnError> {
                #is_value::to_column(#this)
            }
            fn from_value(value: #p::Value) -> #p::Result<Self, #p::ColumnError> {
                #p::Result::map(#is_value::from_column(value), Self)
            }
        }
    })
}

/// What is left of an id with a mistake in it, so that its uses elsewhere are not reported too.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    // They were reported already.
    let errors = Errors::new();
    let attr = attr::parse(&input.attrs, &errors);
    drop(errors.finish());
    let p = Krate::new(attr.krate).private();
    let schema = schema::unknown(input, &p);
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #schema
        #[automatically_derived]
        impl #impl_generics #p::Display for #ident #ty_generics #where_clause {
            fn fmt(&self, _: &mut #p::Formatter<'_>) -> #p::FmtResult {
                #p::not_generated()
            }
        }
        #[automatically_derived]
        impl #impl_generics #p::FromStr for #ident #ty_generics #where_clause {
            type Err = #p::String;
            fn from_str(_: &#p::str) -> #p::Result<Self, #p::String> {
                #p::not_generated()
            }
        }
        #[automatically_derived]
        impl #impl_generics #p::Column for #ident #ty_generics #where_clause {
            const TYPE: #p::ColumnType = #p::ColumnType::Text;
            fn to_value(&self) -> #p::Result<#p::Value, #p::ColumnError> {
                #p::not_generated()
            }
            fn from_value(_: #p::Value) -> #p::Result<Self, #p::ColumnError> {
                #p::not_generated()
            }
        }
    }
}
