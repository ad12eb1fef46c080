//! `#[derive(Projection)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, LitStr, Member, Type};

use super::aggregate::respanned;
use crate::attr::projection::{self as attr, KeyPart, RowKey};
use crate::check::projection::check;
use crate::errors::Errors;
use crate::model::projection::{Action, Column, Form, Projection, Source};

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let attr = attr::parse(input, errors);
    let model = Projection::new(input, &attr, errors);
    check(input, &attr, &model, errors);
    errors.is_empty().then(|| projection(&model, &Bodies::new(&model)))
}

/// What can be said in spite of an error: the table's columns and an impl that asks nothing of the
/// events.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let errors = Errors::new();
    let attr = attr::parse(input, &errors);
    let model = Projection::new(input, &attr, &errors);
    // They were reported by the derive itself.
    drop(errors.finish());
    projection(&model, &Bodies::none(&model))
}

fn projection(model: &Projection<'_>, bodies: &Bodies) -> TokenStream {
    let Projection { ident, version, .. } = model;
    let p = model.krate.private();
    let unnamed = LitStr::new("", Span::call_site());
    let table = model.table.unwrap_or(&unnamed);
    let input = input_enum(model);
    let key = key_type(model);
    let Bodies {
        columns,
        sources,
        variants,
        decode,
        keys,
        change,
        to_values,
        from_values,
        key_values,
        asserts,
    } = bodies;
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::restriction, clippy::nursery)]
        const _: () = {
            #[allow(missing_docs, missing_debug_implementations, private_interfaces, unreachable_pub)]
            pub enum #input {
                #variants
            }
            #asserts
            #[automatically_derived]
            impl #p::Projection for #ident {
                const TABLE: #p::Table =
                    #p::Table { name: #table, version: #version, columns: &[#columns] };
                const SOURCES: &'static [#p::Source] = &[#sources];
                type Key = #key;
                type Input = #input;

                fn decode(
                    decoder: #p::usize,
                    version: #p::u32,
                    payload: &#p::str,
                    envelope: #p::Envelope,
                ) -> #p::Result<Self::Input, #p::PayloadError> {
                    #decode
                }

                fn keys(
                    input: &Self::Input,
                    keys: &mut #p::Vec<Self::Key>,
                ) -> #p::Result<(), #p::RowError> {
                    #keys
                }

                fn change(
                    input: &Self::Input,
                    key: Self::Key,
                    row: #p::Option<Self>,
                ) -> #p::Result<#p::Option<Self>, #p::RowError> {
                    #change
                }

                fn to_values(&self) -> #p::Result<#p::Vec<#p::Value>, #p::ColumnError> {
                    #to_values
                }

                fn from_values(
                    values: #p::Vec<#p::Value>,
                ) -> #p::Result<Self, #p::ColumnError> {
                    #from_values
                }

                fn key_values(
                    key: &Self::Key,
                ) -> #p::Result<#p::Vec<#p::Value>, #p::ColumnError> {
                    #key_values
                }
            }
        };
    }
}

/// The type of the key field, or a tuple of several.
fn key_type(model: &Projection<'_>) -> TokenStream {
    let types: Vec<&Type> = model.key_columns().iter().map(|column| column.ty).collect();
    match types.as_slice() {
        [one] => one.to_token_stream(),
        several => quote!((#(#several),*)),
    }
}

/// What depends on the columns and the events, one by one.
struct Bodies {
    columns: TokenStream,
    sources: TokenStream,
    variants: TokenStream,
    decode: TokenStream,
    keys: TokenStream,
    change: TokenStream,
    to_values: TokenStream,
    from_values: TokenStream,
    key_values: TokenStream,
    asserts: TokenStream,
}

impl Bodies {
    fn none(model: &Projection<'_>) -> Self {
        let p = model.krate.private();
        let none = quote!(#p::not_generated());
        Self {
            columns: TokenStream::new(),
            sources: TokenStream::new(),
            variants: TokenStream::new(),
            decode: none.clone(),
            keys: none.clone(),
            change: none.clone(),
            to_values: none.clone(),
            from_values: none.clone(),
            key_values: none,
            asserts: TokenStream::new(),
        }
    }

    fn new(model: &Projection<'_>) -> Self {
        let p = model.krate.private();
        let mut arms = Arms::default();
        let input = input_enum(model);
        for (number, source) in model.sources.iter().enumerate() {
            arms.add(model, source, number, &input);
        }
        let Arms { sources, variants, decode, keys, change } = arms;
        let mut bodies = Self {
            sources,
            variants,
            decode: quote! {
                match decoder {
                    #decode
                    decoder => #p::Err(#p::PayloadError::NoSuchDecoder(decoder)),
                }
            },
            keys: quote!(match input { #keys } #p::Ok(())),
            change: quote!(match input { #change }),
            ..Self::none(model)
        };
        bodies.add_columns(model);
        bodies
    }

    fn add_columns(&mut self, model: &Projection<'_>) {
        let p = model.krate.private();
        let (mut to_values, mut from_values) = (TokenStream::new(), TokenStream::new());
        let mut variables = Vec::new();
        for (number, column) in model.columns.iter().enumerate() {
            let Column { ident, name, .. } = column;
            let spec = spec(column, &p);
            self.columns.extend(quote!(#spec,));
            let value = to_value(column, &quote!(&self.#ident), &p);
            to_values.extend(quote!(#value,));
            let variable = format_ident!("column{number}");
            let read = conversion(column, "from_value", &p);
            from_values.extend(quote!(#ident: #p::in_column(#name, #read(#variable))?,));
            variables.push(variable);
        }
        self.to_values = quote!(#p::Ok(#p::From::from([#to_values])));
        self.from_values = quote! {
            let [#(#variables),*] = #p::columns(values)?;
            #p::Ok(Self { #from_values })
        };
        let keys = model.key_columns();
        let single = keys.len() == 1;
        let values = keys.iter().enumerate().map(|(number, column)| {
            let index = Member::from(number);
            let part = if single { quote!(key) } else { quote!(&key.#index) };
            to_value(column, &part, &p)
        });
        self.key_values = quote!(#p::Ok(#p::From::from([#(#values),*])));
        for column in keys.iter().filter(|column| column.form == Form::Column) {
            let (span, ty) = (column.ty.span(), column.ty);
            let message = format!(
                "`{}` is part of the key, so it cannot hold nothing: take the `Option` away",
                column.ident.unraw()
            );
            let spanned = respanned(&p, span);
            self.asserts.extend(quote_spanned! {span=>
                const _: () = #spanned::key_is_never_null::<#ty>(#message);
            });
        }
    }
}

/// What an event adds to the impl: an entry in the list of sources, a variant, and an arm each.
#[derive(Default)]
struct Arms {
    sources: TokenStream,
    variants: TokenStream,
    decode: TokenStream,
    keys: TokenStream,
    change: TokenStream,
}

impl Arms {
    fn add(&mut self, model: &Projection<'_>, source: &Source<'_>, number: usize, input: &Ident) {
        let p = model.krate.private();
        let Source { path, of, .. } = source;
        // A bound that does not hold is reported on the event that is listed.
        let span = path.span();
        let spanned = respanned(&p, span);
        let variant = format_ident!("Source{number}");
        let event = quote_spanned!(span=> <#path as #spanned::SourceOf<#of>>);
        self.sources.extend(quote_spanned!(span=> #event::SOURCE,));
        self.variants.extend(quote!(#variant(#p::Recorded<#path>),));
        self.decode.extend(quote! {
            #number => #p::Ok(#input::#variant(#event::recorded(version, payload, envelope)?)),
        });
        let keys = keys(model, source);
        self.keys.extend(quote!(#input::#variant(event) => { #keys }));
        let call = |name: &str| {
            let name = Ident::new(name, span);
            quote_spanned!(span=> #spanned::#name::<Self, #path>)
        };
        let change = match source.action {
            Action::Create => call("create"),
            Action::CreateOrProject => call("create_or_project"),
            Action::Project => call("project"),
            Action::ProjectOrSkip => call("project_or_skip"),
            Action::Delete => call("delete"),
            Action::DeleteOrSkip => call("delete_or_skip"),
        };
        self.change.extend(quote!(#input::#variant(event) => #change(event, key, row),));
    }
}

/// The enum of the events, decoded; its name has to differ from all that the user may name.
fn input_enum(model: &Projection<'_>) -> Ident {
    format_ident!("__{}Input", model.ident.unraw())
}

/// What is known of a column at compile time.
fn spec(column: &Column<'_>, p: &TokenStream) -> TokenStream {
    let Column { ty, name, .. } = column;
    let key = column.attr.key.is_some();
    let span = ty.span();
    let spanned = respanned(p, span);
    let (column_type, nullable) = match column.form {
        Form::Column => {
            let column = quote_spanned!(span=> <#ty as #spanned::Column>);
            (quote!(#column::TYPE), quote!(#column::NULLABLE))
        }
        Form::Text => (quote!(#p::ColumnType::Text), quote!(false)),
        Form::Json => (quote!(#p::ColumnType::Json), quote!(false)),
    };
    quote! {
        #p::ColumnSpec { name: #name, column_type: #column_type, nullable: #nullable, key: #key }
    }
}

fn to_value(column: &Column<'_>, field: &TokenStream, p: &TokenStream) -> TokenStream {
    let name = &column.name;
    let write = conversion(column, "to_value", p);
    quote!(#p::in_column(#name, #write(#field))?)
}

/// The function that makes a value of a field, or a field of a value; on the field's type, where a
/// bound that does not hold is reported.
fn conversion(column: &Column<'_>, direction: &str, p: &TokenStream) -> TokenStream {
    let ty = column.ty;
    let span = ty.span();
    let p = respanned(p, span);
    let form = match column.form {
        Form::Column => {
            let direction = Ident::new(direction, span);
            return quote_spanned!(span=> <#ty as #p::Column>::#direction);
        }
        Form::Text => "text",
        Form::Json => "json",
    };
    let function = Ident::new(&format!("{form}_{direction}"), span);
    quote_spanned!(span=> #p::#function::<#ty>)
}

/// The keys of the rows that an event is about.
fn keys(model: &Projection<'_>, source: &Source<'_>) -> TokenStream {
    let fields = model.key_columns();
    let p = model.krate.private();
    let rows = match source.keys {
        Some(keys) => keys.rows.iter().map(|row| row_key(model, source, row)).collect(),
        None => vec![stream_key(model, source, source.path.span(), fields[0])],
    };
    let rows = rows.into_iter().map(|key| quote!(#p::Vec::push(keys, #key);));
    rows.collect()
}

fn row_key(model: &Projection<'_>, source: &Source<'_>, RowKey(parts): &RowKey) -> TokenStream {
    let fields = model.key_columns();
    let parts = parts.iter().zip(&fields).map(|(part, field)| match part {
        KeyPart::StreamId(word) => stream_key(model, source, word.span(), field),
        KeyPart::Field(members) => {
            let span = members.first().map_or_else(Span::call_site, Spanned::span);
            let p = respanned(&model.krate.private(), span);
            quote_spanned!(span=> #p::Clone::clone(&#p::Recorded::event(event).#(#members).*))
        }
    });
    if fields.len() == 1 { quote!(#(#parts)*) } else { quote!((#(#parts),*)) }
}

/// The id of the event's stream, when it is of the key field's type.
fn stream_key(
    model: &Projection<'_>,
    source: &Source<'_>,
    span: Span,
    field: &Column<'_>,
) -> TokenStream {
    let p = model.krate.private();
    let spanned = respanned(&p, span);
    let (ty, of) = (field.ty, source.of);
    let key = quote_spanned!(span=> <#ty as #spanned::StreamKey<#of>>::stream_key);
    quote!(#key(#p::Recorded::envelope(event))?)
}
