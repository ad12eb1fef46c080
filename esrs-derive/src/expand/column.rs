//! `#[derive(Column)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Type};

use crate::attr::meta;
use crate::errors::Errors;
use crate::krate::Krate;
use crate::model::column::{self as model, Holds, Variant};
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let column = model::new(input, errors)?;
    Some(match &column.holds {
        Holds::Variants(variants) => by_name(column.ident, variants, &column.krate.private()),
        Holds::Value(value) => by_value(column.ident, value, &column.krate),
    })
}

/// Expands a column with a mistake in it, so that the rows that hold it are not reported too.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    // They were reported already.
    let errors = Errors::new();
    let krate = meta::only_crate(&input.attrs, "column", &errors);
    drop(errors.finish());
    unknown(input, &Krate::new(krate).private())
}

/// The impl of a type with a mistake in it.
pub(super) fn unknown(input: &DeriveInput, p: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
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

/// The impl of a newtype, which is the column that its value is.
pub(super) fn by_value(ident: &Ident, value: &Type, krate: &Krate) -> TokenStream {
    let p = krate.private();
    // Named at the value's type, where an error about what it lacks is then shown.
    let span = type_span(value);
    let at_value = krate.private_at(span);
    let column = Ident::new("Column", span);
    let column = quote_spanned!(span=> <#value as #at_value::#column>);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Column for #ident {
            const TYPE: #p::ColumnType = #column::TYPE;
            const NULLABLE: #p::bool = #column::NULLABLE;
            const AMBIGUOUS: #p::bool = #column::AMBIGUOUS;
            const TEXTS: #p::Option<#p::Fingerprint> = #column::TEXTS;
            fn to_value(&self) -> #p::Result<#p::Value, #p::ColumnError> {
                #column::to_value(&self.0)
            }
            fn from_value(value: #p::Value) -> #p::Result<Self, #p::ColumnError> {
                #p::Result::map(#column::from_value(value), Self)
            }
            fn settle(&mut self) -> #p::Result<#p::Option<#p::Value>, #p::ColumnError> {
                #column::settle(&mut self.0)
            }
        }
    }
}

/// The impl of an enum of units, which is the text that names the variant.
fn by_name(ident: &Ident, variants: &[Variant<'_>], p: &TokenStream) -> TokenStream {
    let written = variants.iter().map(|Variant { ident, name, .. }| {
        let name = &name.written;
        quote!(Self::#ident => #name)
    });
    let named = variants.iter().filter(|variant| !variant.other);
    let read = named.map(|Variant { ident, name, .. }| {
        let names = std::iter::once(&name.written).chain(&name.aliases);
        quote!(#(#names)|* => #p::Ok(Self::#ident))
    });
    let known: Vec<_> = variants.iter().map(|variant| &variant.name.written).collect();
    let any_other = match variants.iter().find(|variant| variant.other) {
        Some(Variant { ident, .. }) => quote!(#p::Ok(Self::#ident)),
        None => quote!(#p::Err(#p::unknown_name::<Self>(&value, &[#(#known),*]))),
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #p::Column for #ident {
            const TYPE: #p::ColumnType = #p::ColumnType::Text;
            const TEXTS: #p::Option<#p::Fingerprint> = #p::shape_of_names(&[#(#known),*]);
            fn to_value(&self) -> #p::Result<#p::Value, #p::ColumnError> {
                #p::Ok(#p::From::from(match *self {
                    #(#written,)*
                }))
            }
            fn from_value(value: #p::Value) -> #p::Result<Self, #p::ColumnError> {
                match #p::name_in::<Self>(&value)? {
                    #(#read,)*
                    _ => #any_other,
                }
            }
            fn settle(&mut self) -> #p::Result<#p::Option<#p::Value>, #p::ColumnError> {
                #p::Ok(#p::Option::None)
            }
        }
    }
}
