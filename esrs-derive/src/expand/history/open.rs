//! The name of an older type, with what it leaves open.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::expand::aggregate::respanned;
use crate::krate::Krate;
use crate::model::history::{Field, History};

/// The part that the older types leave open: an older version of a type that a field held.
///
/// They are parameters, so that a type which does not know that version is reported where it is asked
/// for, and not once for every use of the older type.
pub(super) struct Open {
    pub(super) name: Ident,
    pub(super) span: Span,
    /// The older version.
    ty: TokenStream,
}

pub(super) fn open(
    field: &Field<'_>,
    of: usize,
    place: usize,
    version: u32,
    krate: &Krate,
) -> Option<Open> {
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

pub(super) fn all_open(history: &History<'_>, version: u32, krate: &Krate) -> Vec<Open> {
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
pub(super) fn parameters(
    history: &History<'_>,
    version: u32,
    krate: &Krate,
) -> Option<TokenStream> {
    let names: Vec<_> =
        all_open(history, version, krate).into_iter().map(|open| open.name).collect();
    (!names.is_empty()).then(|| quote!(<#(#names),*>))
}

pub(super) fn literal(number: u32, span: Span) -> Literal {
    let mut literal = Literal::u32_unsuffixed(number);
    literal.set_span(span);
    literal
}
