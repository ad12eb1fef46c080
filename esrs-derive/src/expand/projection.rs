//! `#[derive(Projection)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, LitStr, Type};

use super::aggregate::{respanned, unseen_impl};
use super::columns::{Columns, function};
use super::lock;
use crate::attr::projection::{self as attr, KeyPart, RowKey};
use crate::errors::Errors;
use crate::fold;
use crate::model::projection::{Action, Column, Projection, Source};

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let attr = attr::parse(input, errors);
    let model = Projection::checked(input, &attr, errors);
    errors.is_empty().then(|| projection(&model, &Bodies::new(&model)))
}

/// Expands what can be said in spite of an error: the table's columns and an impl that asks nothing of the
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
    let (ident, version) = (model.ident, model.version.unwrap_or(1));
    let p = model.krate.private();
    let unnamed = LitStr::new("", Span::call_site());
    let table = model.table.unwrap_or(&unnamed);
    let input = input_enum(model);
    let key = key_type(model);
    let Bodies {
        columns,
        shapes,
        json,
        code,
        sources,
        variants,
        decode,
        keys,
        change,
        to_values,
        from_values,
        settle,
        has_key,
        key_values,
        asserts,
    } = bodies;
    quote! {
        #[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        const _: () = {
            #[allow(missing_docs, private_interfaces, unreachable_pub, non_camel_case_types)]
            #[allow(missing_debug_implementations, missing_copy_implementations)]
            pub enum #input {
                #variants
            }
            #asserts
            #[automatically_derived]
            impl #p::Projection for #ident {
                const USE_THE_DERIVE: #p::ByDerive = #p::ByDerive::GENERATED;
                const TABLE: #p::Table =
                    #p::Table { name: #table, version: #version, columns: &[#columns] };
                const SOURCES: &'static [#p::Source] = &[#sources];
                const CODE: #p::u64 = #code;
                const SHAPES: &'static [#p::Option<#p::Fingerprint>] = &[#shapes];
                #json
                type Key = #key;
                type Input = #input;

                fn decode(
                    decoder: #p::usize,
                    stored: #p::StoredAs,
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

                fn settle(
                    &mut self,
                    stored: &mut #p::Vec<(#p::usize, #p::Value)>,
                ) -> #p::Result<(), #p::ColumnError> {
                    #settle
                }

                fn has_key(
                    &self,
                    key: &[#p::Value],
                ) -> #p::Result<#p::bool, #p::ColumnError> {
                    #has_key
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
    match (types.as_slice(), model.columns.first()) {
        ([one], _) => one.to_token_stream(),
        // Where none is marked, which is an error, the first field is what is likely meant.
        ([], Some(first)) => first.ty.to_token_stream(),
        (several, _) => quote!((#(#several),*)),
    }
}

/// The parts that depend on the columns and the events, one by one.
struct Bodies {
    columns: TokenStream,
    shapes: TokenStream,
    json: TokenStream,
    /// The hash of the code that makes rows.
    code: u64,
    sources: TokenStream,
    variants: TokenStream,
    decode: TokenStream,
    keys: TokenStream,
    change: TokenStream,
    to_values: TokenStream,
    from_values: TokenStream,
    settle: TokenStream,
    has_key: TokenStream,
    key_values: TokenStream,
    asserts: TokenStream,
}

impl Bodies {
    fn none(model: &Projection<'_>) -> Self {
        let p = model.krate.private();
        let none = quote!(#p::not_generated());
        Self {
            columns: TokenStream::new(),
            shapes: TokenStream::new(),
            json: TokenStream::new(),
            code: 0,
            sources: TokenStream::new(),
            variants: TokenStream::new(),
            decode: none.clone(),
            keys: none.clone(),
            change: none.clone(),
            to_values: none.clone(),
            from_values: none.clone(),
            settle: none.clone(),
            has_key: none.clone(),
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
        let code = fold::of_projection(model);
        let unseen = unseen(model, &code);
        let columns = Columns::new(model);
        let told = model.table.map(|table| lock::projection(&p, table));
        let Columns { specs, shapes, json, asserts, to_values, from_values, settle, .. } = columns;
        let Columns { has_key, key_values, .. } = columns;
        Self {
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
            columns: specs,
            shapes,
            json,
            code: code.hash,
            to_values,
            from_values,
            settle,
            has_key,
            key_values,
            asserts: quote!(#asserts #unseen #told),
        }
    }
}

/// Fails to compile where code that makes rows is not found, unless a version is declared.
fn unseen(model: &Projection<'_>, code: &fold::Code) -> TokenStream {
    if model.version.is_some() {
        return TokenStream::new();
    }
    let unseen = code.missing.iter().map(|(of_trait, place)| {
        let way_out = "declare `version = 1`";
        unseen_impl(
            &model.krate.private(),
            model.ident,
            of_trait,
            model.sources[*place].path,
            way_out,
        )
    });
    unseen.collect()
}

/// The parts that an event adds to the impl: an entry in the list of sources, a variant, and an arm each.
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
        let role = role(source);
        let keyed = source.keys.is_some().then(|| quote_spanned!(span=> .keyed()));
        self.sources.extend(quote_spanned!(span=> #event::SOURCE.in_role(#role) #keyed,));
        self.variants.extend(quote!(#variant(#p::Recorded<#path>),));
        self.decode.extend(quote! {
            #number => #p::Ok(#input::#variant(#event::recorded(stored, payload, envelope)?)),
        });
        let keys = keys(model, source);
        self.keys.extend(quote!(#input::#variant(event) => { #keys }));
        let create = quote_spanned!(span=> , <Self as #spanned::Create<#path>>::create);
        let project = quote_spanned!(span=> , <Self as #spanned::Project<#path>>::project);
        let functions = match source.action {
            Action::Create => create,
            Action::CreateOrProject => quote!(#create #project),
            Action::Project | Action::ProjectOrSkip => project,
            Action::Delete | Action::DeleteOrSkip => TokenStream::new(),
        };
        // The arguments keep their own span, which says what they are; the call has the event's.
        let action = Ident::new(source.action.name(), span);
        let arguments = quote!(event, key, row);
        let call = quote_spanned!(span=> #spanned::#action(#arguments #functions));
        self.change.extend(quote!(#input::#variant(event) => #call,));
    }
}

/// Expands what the event does with its rows, and which those are.
fn role(source: &Source<'_>) -> String {
    let action = source.action.name();
    match source.keys {
        Some(keys) => format!("{action} by {keys}"),
        None => action.to_owned(),
    }
}

/// The enum of the events, decoded; its name has to differ from all that the user may name.
fn input_enum(model: &Projection<'_>) -> Ident {
    format_ident!("__{}Input", model.ident.unraw())
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
    let of_an_instance = source.keys.filter(|keys| !keys.has_stream_id()).map(|_| {
        let (path, of, span) = (source.path, source.of, source.path.span());
        let spanned = respanned(&p, span);
        let check = quote_spanned!(span=> <#path as #spanned::SourceOf<#of>>::of_an_instance);
        quote!(#check(#p::Recorded::envelope(event))?;)
    });
    of_an_instance.into_iter().chain(rows).collect()
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
    let settle = function(field, "settle", &p);
    quote!(#key(#p::Recorded::envelope(event), #settle)?)
}
