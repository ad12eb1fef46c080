//! `#[derive(Schema)]`.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, LitStr};

use super::aggregate::respanned;
use super::history;
use crate::attr::schema::{self, Place};
use crate::errors::Errors;
use crate::krate::Krate;
use crate::model::history::{self as model, Declared};
use crate::model::name::Name;
use crate::model::schema::{
    Container, Content, Field, Holds, Item, Tagging, Variant, Wire, build_closed, type_span,
};

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let attr = schema::parse(&input.attrs, Place::Type, errors);
    let mistakes = errors.count();
    let opaque = attr.opaque.clone();
    let container = Container::with_history(input, attr.opaque);
    let (wire, whole) = (build_closed(&container, errors), container.declared());
    let krate = Krate::new(attr.krate);
    let (version, removed) = (attr.version, attr.removed);
    let declared =
        Declared { input, attribute: "schema", version, from: None, removed, mistakes, opaque };
    let told = model::new(declared, errors);
    let implemented = implement(input, &wire?, &whole, &krate.private());
    // What an older version lacks, or the newest has wrong, would be said again of each.
    let past = match &told {
        Some(told) if errors.is_empty() => Some(history::past(told, &krate, None, errors)),
        _ => None,
    };
    Some(quote!(#implemented #past))
}

pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    // They were reported already.
    let errors = Errors::new();
    let attr = schema::parse(&input.attrs, Place::Type, &errors);
    drop(errors.finish());
    let p = Krate::new(attr.krate).private();
    let schema = unknown(input, &p);
    let ident = &input.ident;
    let newest = attr.version.filter(|_| input.generics.params.is_empty());
    let past = (1..newest.map_or(1, |(_, version)| version)).map(|version| {
        let version = Literal::u32_unsuffixed(version);
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #p::PastVersion<#version> for #ident {
                type Past = Self;
                fn from_past(past: Self) -> Self {
                    past
                }
            }
        }
    });
    quote!(#schema #(#past)*)
}

/// The impl of a type with a mistake in it: nothing is known, and nothing follows from it.
pub(crate) fn unknown(input: &DeriveInput, p: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #p::Schema for #ident #ty_generics #where_clause {
            const SHAPE: &'static #p::Shape = #p::UNKNOWN;
            const FINGERPRINT: #p::Fingerprint = #p::fingerprint(#p::UNKNOWN);
        }
    }
}

/// The impl of [`Schema`](trait@Schema) for a type whose wire is known.
///
/// `whole` is what is declared of the type as a whole besides its shape.
pub(crate) fn implement(
    input: &DeriveInput,
    wire: &Wire<'_>,
    whole: &str,
    p: &TokenStream,
) -> TokenStream {
    let ident = &input.ident;
    let whole = match wire {
        _ if !whole.is_empty() => Some(quote!(#whole)),
        Wire::Transparent(Holds::Type(ty)) | Wire::Newtype(Holds::Type(ty)) => {
            let (ty, p) = (quote!(#ty), respanned(p, type_span(ty)));
            Some(quote!(<#ty as #p::Schema>::DECLARED))
        }
        _ => None,
    };
    let whole = whole.map(|whole| quote!(const DECLARED: &'static #p::str = #whole;));
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let bounds = bounds(input, where_clause, p);
    let (shape, fingerprint) = consts(wire, is_enum(input), p);
    let read_if_absent = read_if_absent(wire, p);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #p::Schema for #ident #ty_generics #bounds {
            const SHAPE: &'static #p::Shape = #shape;
            const FINGERPRINT: #p::Fingerprint = #fingerprint;
            #whole
            #read_if_absent
        }
    }
}

/// Returns true if serde reads it when it is absent, where that is decided by another type.
fn read_if_absent(wire: &Wire<'_>, p: &TokenStream) -> Option<TokenStream> {
    let (ty, span) = match wire {
        Wire::Transparent(Holds::Type(ty)) => (quote!(#ty), type_span(ty)),
        Wire::Converted(ty) => (quote!(#ty), type_span(ty)),
        _ => return None,
    };
    let schema = quote_spanned!(span=> <#ty as #p::Schema>);
    Some(quote!(const READ_IF_ABSENT: #p::bool = #schema::READ_IF_ABSENT;))
}

fn is_enum(input: &DeriveInput) -> bool {
    matches!(input.data, syn::Data::Enum(_))
}

/// The type's own where clause, and a schema for each of its type parameters.
fn bounds(
    input: &DeriveInput,
    where_clause: Option<&syn::WhereClause>,
    p: &TokenStream,
) -> TokenStream {
    let own = where_clause.map(|clause| clause.predicates.iter()).into_iter().flatten();
    let own = own.map(|predicate| quote!(#predicate));
    let added = input.generics.type_params().map(|param| {
        let ident = &param.ident;
        quote!(#ident: #p::Schema)
    });
    let all: Vec<_> = own.chain(added).collect();
    match all.is_empty() {
        true => TokenStream::new(),
        false => quote!(where #(#all),*),
    }
}

fn consts(wire: &Wire<'_>, is_enum: bool, p: &TokenStream) -> (TokenStream, TokenStream) {
    let shape = match wire {
        Wire::Transparent(Holds::Type(ty)) | Wire::Newtype(Holds::Type(ty)) => {
            return same(&quote!(#ty), type_span(ty), p);
        }
        Wire::Converted(ty) => return same(&quote!(#ty), type_span(ty), p),
        Wire::Opaque(name)
        | Wire::Transparent(Holds::Opaque(name))
        | Wire::Newtype(Holds::Opaque(name)) => opaque(name, p),
        Wire::Unit => quote!(&#p::Shape::Unit),
        Wire::Tuple(items) => {
            let items = items.iter().map(|one| item(one, p));
            quote!(&#p::Shape::Tuple(&[#(#items),*]))
        }
        Wire::Struct { fields, closed } => {
            let fields = fields.iter().map(|one| field(one, false, p));
            quote!(&#p::Shape::Struct(&#p::StructShape { fields: &[#(#fields),*], closed: #closed }))
        }
        Wire::Enum { tagging, variants, closed } => {
            // The fields of a struct with a tag are read as those of any struct.
            let tag = match tagging {
                Tagging::Internal(tag) if is_enum => Some(tag),
                _ => None,
            };
            let tagging = match tagging {
                Tagging::External => quote!(External),
                Tagging::Internal(tag) => quote!(Internal { tag: #tag }),
                Tagging::Adjacent(tag, content) => {
                    quote!(Adjacent { tag: #tag, content: #content })
                }
            };
            let variants = variants.iter().map(|one| variant(one, tag, p));
            quote!(&#p::Shape::Enum(&#p::EnumShape {
                tagging: #p::Tagging::#tagging,
                variants: &[#(#variants),*],
                closed: #closed,
            }))
        }
    };
    (shape, quote!(#p::fingerprint(Self::SHAPE)))
}

fn same(ty: &TokenStream, span: proc_macro2::Span, p: &TokenStream) -> (TokenStream, TokenStream) {
    let schema = quote_spanned!(span=> <#ty as #p::Schema>);
    (quote!(#schema::SHAPE), quote!(#schema::FINGERPRINT))
}

fn opaque(name: &LitStr, p: &TokenStream) -> TokenStream {
    quote!(&#p::Shape::Opaque(#name))
}

fn item(item: &Item<'_>, p: &TokenStream) -> TokenStream {
    let base = match &item.holds {
        Holds::Type(ty) => quote!(#p::Item::of::<#ty>()),
        Holds::Opaque(name) => {
            let shape = opaque(name, p);
            quote!(#p::Item::opaque(#shape))
        }
    };
    let declared = declared(&item.declared);
    quote!(#base #declared)
}

/// The declarations on a field or a place besides its shape.
fn declared(declared: &str) -> Option<TokenStream> {
    (!declared.is_empty()).then(|| quote!(.declared(#declared)))
}

/// The content of a variant without names.
fn variant_item(content: &Item<'_>, tag: Option<&LitStr>, p: &TokenStream) -> TokenStream {
    let Holds::Type(ty) = &content.holds else { return item(content, p) };
    // The place of the call is where the type is named.
    let (span, p) = (type_span(ty), respanned(p, type_span(ty)));
    let base = match tag {
        None => quote_spanned!(span=> #p::Item::of_variant::<#ty>()),
        Some(tag) => quote_spanned!(span=> #p::Item::of_tagged::<#ty>(#tag)),
    };
    let declared = declared(&content.declared);
    quote!(#base #declared)
}

fn field(field: &Field<'_>, is_tagged: bool, p: &TokenStream) -> TokenStream {
    let name = &field.name.written;
    // The place of the call is where the field is declared.
    let p = &respanned(p, name.span());
    let base = match &field.holds {
        Holds::Type(ty) if is_tagged => {
            quote_spanned!(name.span()=> #p::Field::of_tagged::<#ty>(#name))
        }
        Holds::Type(ty) => quote_spanned!(name.span()=> #p::Field::of::<#ty>(#name)),
        Holds::Opaque(opaque_name) => {
            let shape = opaque(opaque_name, p);
            quote_spanned!(name.span()=> #p::Field::opaque(#name, #shape))
        }
    };
    let optional = field.optional.then(|| quote!(.optional()));
    let always_written = field.always_written.then(|| quote!(.always_written()));
    let aliases = aliases(&field.name);
    let declared = declared(&field.declared);
    quote!(#base #optional #always_written #aliases #declared)
}

fn variant(variant: &Variant<'_>, tag: Option<&LitStr>, p: &TokenStream) -> TokenStream {
    let Name { written, aliases } = &variant.name;
    let other = variant.other;
    let declared = match variant.declared.as_str() {
        "" => quote!(#p::Declared::NOTHING),
        declared => quote!(#p::Declared::NOTHING.on_part(#declared)),
    };
    let content = match &variant.content {
        Content::Unit => quote!(Unit),
        Content::Newtype(content) => {
            let item = variant_item(content, tag, p);
            quote!(Newtype(#item))
        }
        Content::Tuple(items) => {
            let items = items.iter().map(|one| variant_item(one, None, p));
            quote!(Tuple(&[#(#items),*]))
        }
        Content::Struct(fields) => {
            let fields = fields.iter().map(|one| field(one, tag.is_some(), p));
            quote!(Struct(&[#(#fields),*]))
        }
    };
    // Not by a function: the arrays in it have to live as long as the const.
    quote!(#p::Variant {
        name: #written,
        aliases: &[#(#aliases),*],
        other: #other,
        content: #p::Content::#content,
        declared: #declared,
    })
}

fn aliases(name: &Name) -> Option<TokenStream> {
    let aliases = &name.aliases;
    (!aliases.is_empty()).then(|| quote!(.aliases(&[#(#aliases),*])))
}
