//! The columns of a `#[derive(Projection)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Member;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::aggregate::respanned;
use crate::model::projection::{Column, Form, Projection};

/// The parts that depend on the columns, one by one.
pub(super) struct Columns {
    pub(super) specs: TokenStream,
    pub(super) shapes: TokenStream,
    /// The constant that lists the shapes of JSON columns, if there are any.
    pub(super) json: TokenStream,
    pub(super) to_values: TokenStream,
    pub(super) from_values: TokenStream,
    pub(super) settle: TokenStream,
    pub(super) has_key: TokenStream,
    pub(super) key_values: TokenStream,
    pub(super) asserts: TokenStream,
}

impl Columns {
    pub(super) fn new(model: &Projection<'_>) -> Self {
        let p = model.krate.private();
        let (mut specs, mut to_values) = (TokenStream::new(), TokenStream::new());
        let (mut from_values, mut asserts) = (TokenStream::new(), TokenStream::new());
        let (mut shapes, mut json_shapes) = (TokenStream::new(), Vec::new());
        let (mut variables, mut settle) = (Vec::new(), TokenStream::new());
        for (number, column) in model.columns.iter().enumerate() {
            let Column { ident, name, .. } = column;
            if column.form == Form::Json {
                let (json, shape) = (json(column), of_shape(column, "JSON", &p));
                asserts.extend(quote! {
                    #[allow(non_upper_case_globals)]
                    const #json: #p::JsonShape = #shape;
                });
                json_shapes.push(json);
                let (span, known) = (column.ty.span(), of_shape(column, "KNOWN", &p));
                let spanned = respanned(&p, span);
                asserts.extend(quote_spanned! {span=>
                    const _: () = #spanned::is_json_storable(#name, #known);
                });
            }
            let spec = spec(column, &p);
            specs.extend(quote!(#spec,));
            let shape = shape(column, &p);
            shapes.extend(quote!(#shape,));
            if column.form == Form::Json && model.version.is_none() {
                let ty = column.ty;
                let written = quote!(#ty).to_string().replace(' ', "");
                let sentence = format!(
                    "`{written}` has no `Schema`, so a change of the JSON in `{name}` would go \
                     unnoticed\n\
                     help: add `#[derive(Schema)]` to it\n\
                     help: or declare `version = 1` on the projection, and raise it with each change of \
                     that JSON"
                );
                let spanned = respanned(&p, ty.span());
                asserts.extend(quote_spanned! {ty.span()=>
                    const _: () = #spanned::shape_is_known(#shape, #sentence);
                });
            }
            let value = to_value(column, &quote!(&self.#ident), &p);
            to_values.extend(quote!(#value,));
            let variable = format_ident!("column{number}");
            let read = conversion(column, "from_value", &quote!(#variable), &p);
            from_values.extend(quote!(#ident: #p::in_column(#name, #read)?,));
            variables.push(variable);
            let settled = conversion(column, "settle", &quote!(&mut self.#ident), &p);
            let settled = checked(column, "settled", settled);
            settle.extend(quote! {
                if let #p::Option::Some(value) = #p::in_column(#name, #settled)? {
                    #p::Vec::push(stored, (#number, value));
                }
            });
        }
        let keys = model.key_columns();
        let single = keys.len() == 1;
        let values = keys.iter().enumerate().map(|(number, column)| {
            let index = Member::from(number);
            let part = if single { quote!(key) } else { quote!(&key.#index) };
            to_value(column, &part, &p)
        });
        let key_values = quote!(#p::Ok(#p::From::from([#(#values),*])));
        let columns: Vec<_> =
            (0..keys.len()).map(|number| format_ident!("column{number}")).collect();
        let row_keys = keys.iter().map(|column| {
            let ident = column.ident;
            to_value(column, &quote!(&self.#ident), &p)
        });
        let has_key = quote! {
            let [#(#columns),*] = key else { return #p::Ok(false) };
            #p::Ok(#(*#columns == #row_keys)&&*)
        };
        for column in keys.iter().filter(|column| column.form == Form::Column) {
            let (span, ty) = (column.ty.span(), column.ty);
            let name = column.ident.unraw().to_string();
            let spanned = respanned(&p, span);
            asserts.extend(quote_spanned! {span=>
                const _: () = #spanned::key_tells_rows_apart::<#ty>(#name);
            });
        }
        Self {
            specs,
            shapes,
            json: match json_shapes.is_empty() {
                true => TokenStream::new(),
                false => quote!(const JSON: &'static [#p::JsonShape] = &[#(#json_shapes),*];),
            },
            to_values: quote!(#p::Ok(#p::From::from([#to_values]))),
            from_values: quote! {
                let [#(#variables),*] = #p::columns(values)?;
                #p::Ok(Self { #from_values })
            },
            settle: quote!(#settle #p::Ok(())),
            has_key,
            key_values,
            asserts,
        }
    }
}

/// Expands what is known of a column at compile time.
fn spec(column: &Column<'_>, p: &TokenStream) -> TokenStream {
    let Column { ty, name, .. } = column;
    let key = column.attr.key.is_some();
    let span = ty.span();
    let spanned = respanned(p, span);
    let (column_type, nullable) = match column.form {
        Form::Column => {
            let name = column.ident.unraw().to_string();
            let nullable = quote_spanned!(span=> #spanned::nullable::<#ty>(#name));
            (quote_spanned!(span=> <#ty as #spanned::Column>::TYPE), nullable)
        }
        Form::Text => (quote!(#p::ColumnType::Text), quote!(false)),
        Form::Json => {
            let json = json(column);
            (quote!(#json.column_type()), quote!(false))
        }
    };
    quote! {
        #p::ColumnSpec { name: #name, column_type: #column_type, nullable: #nullable, key: #key }
    }
}

/// The name of the constant that says what a JSON column is.
fn json(column: &Column<'_>) -> Ident {
    format_ident!("__JSON_OF_{}", column.ident.unraw())
}

/// A constant that depends on the shape of the field's type, if it has one.
fn of_shape(column: &Column<'_>, constant: &str, p: &TokenStream) -> TokenStream {
    let (ty, constant) = (column.ty, Ident::new(constant, column.ty.span()));
    quote!({
        #[allow(unused_imports)]
        use #p::UnknownShape as _;
        <#p::ShapeOf<#ty>>::#constant
    })
}

/// Checks what was written of a JSON column against its shape.
fn checked(column: &Column<'_>, check: &str, written: TokenStream) -> TokenStream {
    if column.form != Form::Json {
        return written;
    }
    let (json, check) = (json(column), Ident::new(check, column.ty.span()));
    quote!(#json.#check(#written))
}

/// The shape of the values of a column.
fn shape(column: &Column<'_>, p: &TokenStream) -> TokenStream {
    let ty = column.ty;
    let span = ty.span();
    let spanned = respanned(p, span);
    match column.form {
        Form::Column => quote_spanned!(span=> <#ty as #spanned::Column>::TEXTS),
        Form::Text | Form::Json => of_shape(column, "SHAPE", p),
    }
}

fn to_value(column: &Column<'_>, field: &TokenStream, p: &TokenStream) -> TokenStream {
    let name = &column.name;
    let write = checked(column, "value", conversion(column, "to_value", field, p));
    quote!(#p::in_column(#name, #write)?)
}

/// Makes a value of a field, or a field of a value; on the field's type, where a bound that does not
/// hold is reported.
fn conversion(
    column: &Column<'_>,
    direction: &str,
    of: &TokenStream,
    p: &TokenStream,
) -> TokenStream {
    let function = function(column, direction, p);
    quote_spanned!(column.ty.span()=> #function(#of))
}

/// The function that converts between a field and the value of its column.
pub(super) fn function(column: &Column<'_>, name: &str, p: &TokenStream) -> TokenStream {
    let ty = column.ty;
    let span = ty.span();
    let p = respanned(p, span);
    let form = match column.form {
        Form::Column => "Column",
        Form::Text => "TextColumn",
        Form::Json => "JsonColumn",
    };
    let (form, name) = (Ident::new(form, span), Ident::new(name, span));
    quote_spanned!(span=> <#ty as #p::#form>::#name)
}
