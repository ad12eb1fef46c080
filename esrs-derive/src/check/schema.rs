//! Checks of what a shape cannot tell, and of what would be stored and never read.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use quote::quote;
use syn::{GenericArgument, LitStr, PathArguments, ReturnType, Type};

use crate::errors::Errors;
use crate::model::name::Name;
use crate::model::schema::{Container, Part, last_segment, type_span};

/// Returns true if the attributes of the container say something that a shape can tell.
pub(crate) fn container(container: &Container<'_>, errors: &Errors) -> bool {
    for word in &container.serde.untold {
        let reason = match word.to_string().as_str() {
            "untagged" => "what an untagged enum reads depends on the order of its variants",
            "remote" => "a `remote` definition describes another crate's type",
            _ => "an identifier is no value of its own",
        };
        let message = format!(
            "{reason}, which a shape cannot tell: mark the type `#[schema(opaque = \"name@1\")]`, and \
             raise the number when its JSON changes"
        );
        errors.at(word.span(), message);
    }
    let is_read_by_its_fields = container.is_struct() && container.serde.conversions.is_empty();
    if let (Some(_), Some(closed)) = (&container.serde.tag, &container.serde.closed)
        && is_read_by_its_fields
    {
        let message = "serde writes the `tag` of this struct, and refuses it as an unknown field when it \
                       reads, so what is stored is never read: leave out `deny_unknown_fields` or `tag`";
        errors.at(closed.span(), message);
    }
    container.serde.untold.is_empty()
}

/// The type that serde converts from and into; `None` inside when there is no conversion.
pub(crate) fn conversion(container: &Container<'_>, errors: &Errors) -> Option<Option<Type>> {
    let conversions = &container.serde.conversions;
    let Some((first, _)) = conversions.first() else { return Some(None) };
    let into = conversions.iter().find(|(word, _)| word == "into");
    let from = conversions.iter().find(|(word, _)| word != "into");
    if let (Some((_, into)), Some((_, from))) = (into, from)
        && let (Ok(into), Ok(from)) = (into.parse::<Type>(), from.parse::<Type>())
        && quote!(#into).to_string() == quote!(#from).to_string()
    {
        return Some(Some(into));
    }
    let message = "what is written and what is read are two types here: let `from` (or `try_from`) and \
                   `into` name the same one, whose shape this type then has, or mark this type \
                   `#[schema(opaque = \"name@1\")]`";
    errors.at(first.span(), message);
    None
}

/// The fields of a struct or a variant.
pub(crate) fn parts(
    container: &Container<'_>,
    parts: &[Part<'_>],
    all_optional: bool,
    errors: &Errors,
) {
    for part in parts {
        let serde = &part.serde;
        one_way(part, "field", errors);
        if serde.is_skipped() {
            if part.ident.is_none() && parts.len() == 1 && container.is_struct() {
                let message = format!(
                    "`{}` is written as its only field, which therefore cannot be skipped",
                    container.input.ident
                );
                errors.at(part.ty.map_or_else(Span::call_site, type_span), message);
            }
            continue;
        }
        let Some(ty) = part.ty else { continue };
        if part.opaque.is_none() {
            untold(part, errors);
            if let Some(recursion) = find_recursion(ty, &container.input.ident) {
                let message = format!(
                    "`{}` holds itself here, and a shape that holds itself has no end: {}",
                    container.input.ident,
                    opaque_advice("field")
                );
                errors.at(recursion.span(), message);
            }
        }
        match part.ident {
            Some(_) => skipped_and_unreadable(part, ty, all_optional, errors),
            None if parts.len() > 1 => place(part, all_optional, errors),
            None => {}
        }
    }
}

/// A variant by itself.
pub(crate) fn variant(part: &Part<'_>, errors: &Errors) {
    one_way(part, "variant", errors);
    if part.serde.is_skipped() {
        return;
    }
    for word in part.serde.untold.iter().filter(|word| *word == "untagged") {
        let message = "an untagged variant takes whatever no other variant takes, which a shape \
                       cannot tell: mark the enum `#[schema(opaque = \"name@1\")]`";
        errors.at(word.span(), message);
    }
    if part.opaque.is_none() {
        untold_by_function(part, "variant", errors);
    }
}

/// A name that two parts answer to.
pub(crate) fn distinct<'a>(names: impl Iterator<Item = &'a Name>, what: &str, errors: &Errors) {
    let mut known = HashMap::new();
    for (i, name) in names.enumerate() {
        for literal in std::iter::once(&name.written).chain(&name.aliases) {
            let value = literal.value();
            // Two flattened fields have no name to clash by.
            if value != "*" && known.insert(value.clone(), i).is_some_and(|other| other != i) {
                let message = format!(
                    "two {what} answer to the name {value:?} on the wire; give one another"
                );
                errors.at(literal.span(), message);
            }
        }
    }
}

/// The tag of a struct, which is written among its fields.
pub(crate) fn apart_from_tag<'a>(
    tag: &Option<LitStr>,
    fields: impl Iterator<Item = &'a Name>,
    errors: &Errors,
) {
    let Some(tag) = tag.as_ref().map(LitStr::value) else { return };
    for literal in fields.flat_map(|name| std::iter::once(&name.written).chain(&name.aliases)) {
        if literal.value() == tag {
            let message = format!(
                "the field answers to {tag:?}, the name of the `tag`; give one of them another name"
            );
            errors.at(literal.span(), message);
        }
    }
}

fn one_way(part: &Part<'_>, what: &str, errors: &Errors) {
    if part.serde.is_skipped() {
        return;
    }
    let ways = [
        (&part.serde.skip_serializing, "read and never written"),
        (&part.serde.skip_deserializing, "written and never read"),
    ];
    for (word, how) in ways {
        if let Some(word) = word {
            let message = format!(
                "a {what} that is {how} does not come back from the log: write `#[serde(skip)]` to \
                 leave it out both ways"
            );
            errors.at(word.span(), message);
        }
    }
}

fn untold(part: &Part<'_>, errors: &Errors) {
    untold_by_function(part, "field", errors);
    for word in part.serde.untold.iter().filter(|word| *word == "flatten") {
        let message = "the derive does not see the fields that `flatten` spreads here, so the shape \
                       cannot list them: mark the field `#[schema(opaque = \"name@1\")]`, and raise \
                       the number when they change";
        errors.at(word.span(), message);
    }
}

fn untold_by_function(part: &Part<'_>, what: &str, errors: &Errors) {
    for word in part.serde.untold.iter().filter(|word| *word != "flatten" && *word != "untagged") {
        let message = format!(
            "only the functions of `{word}` know the JSON of this {what}: mark it \
             `#[schema(opaque = \"name@1\")]`, and raise the number when they write it differently"
        );
        errors.at(word.span(), message);
    }
}

/// A field that is not always written has to be readable when it is not there.
fn skipped_and_unreadable(part: &Part<'_>, ty: &Type, all_optional: bool, errors: &Errors) {
    let Some(word) = &part.serde.skip_serializing_if else { return };
    let is_option = last_segment(ty).is_some_and(|last| last.ident == "Option");
    // A function of the user's is not asked when the field is absent.
    let absent_is_none = is_option && !part.serde.reads_by_function();
    if !(all_optional || part.serde.default || absent_is_none) {
        let message =
            "an event that skips this field could not be read back: add `#[serde(default)]`";
        errors.at(word.span(), message);
    }
}

/// A place of a tuple is told by its number, so none may be missing.
fn place(part: &Part<'_>, all_optional: bool, errors: &Errors) {
    if let Some(word) = &part.serde.skip_serializing_if {
        let message = "a place that is skipped moves those behind it; name the fields";
        errors.at(word.span(), message);
    }
    if (all_optional || part.serde.default)
        && let Some(ty) = part.ty
    {
        errors.on(ty, "a shape cannot tell that a place of a tuple may be missing: name the fields, or drop the `default`");
    }
}

/// Where a type names the one that holds it.
fn find_recursion(ty: &Type, own: &Ident) -> Option<Ident> {
    let mut found = None;
    each_name(ty, &mut |ident| {
        if found.is_none() && (ident == own || ident == "Self") {
            found = Some(ident.clone());
        }
    });
    found
}

/// The advice for a type that holds itself.
pub(super) fn opaque_advice(what: &str) -> String {
    format!(
        "mark the {what} `#[schema(opaque = \"name@1\")]`, and raise the number when its JSON changes"
    )
}

/// Calls a function with the name of each type of this scope that a type holds.
fn each_name(ty: &Type, call: &mut impl FnMut(&Ident)) {
    each_path(ty, &mut |path| {
        let segments = &path.segments;
        let is_here = segments.len() == 1 || (segments.len() == 2 && segments[0].ident == "self");
        if let (true, Some(last)) = (is_here, segments.last()) {
            call(&last.ident);
        }
    });
}

/// Calls a function with the path of each type that a type holds, but for those that begin with `::` and
/// those of a trait. A `PhantomData` holds nothing.
pub(super) fn each_path(ty: &Type, call: &mut impl FnMut(&syn::Path)) {
    match ty {
        Type::Array(array) => each_path(&array.elem, call),
        Type::Group(group) => each_path(&group.elem, call),
        Type::Paren(paren) => each_path(&paren.elem, call),
        Type::Reference(reference) => each_path(&reference.elem, call),
        Type::Slice(slice) => each_path(&slice.elem, call),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| each_path(ty, call)),
        Type::Path(path) => {
            let segments = &path.path.segments;
            let Some(last) = segments.last() else { return };
            if path.qself.is_none() && path.path.leading_colon.is_none() {
                call(&path.path);
            }
            if last.ident == "PhantomData" {
                return;
            }
            for segment in segments {
                match &segment.arguments {
                    PathArguments::AngleBracketed(arguments) => {
                        for argument in &arguments.args {
                            if let GenericArgument::Type(ty) = argument {
                                each_path(ty, call);
                            }
                        }
                    }
                    PathArguments::Parenthesized(arguments) => {
                        if let ReturnType::Type(_, ty) = &arguments.output {
                            each_path(ty, call);
                        }
                    }
                    PathArguments::None => {}
                }
            }
        }
        _ => {}
    }
}
