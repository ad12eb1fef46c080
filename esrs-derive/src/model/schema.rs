//! The shape of the JSON of a type, after serde's attributes have had their say.

use proc_macro2::{Ident, Span};
use syn::{Attribute, DeriveInput, Fields, LitStr, Type};

use crate::attr::history;
use crate::attr::schema::{self, Place};
use crate::attr::serde::{self, Case, Ways, Word};
use crate::check::{cycle, schema as check};
use crate::errors::Errors;
use crate::model::declared;
use crate::model::name::{Name, name};

/// The shape of a type, as far as a derive can see it.
pub(crate) enum Wire<'a> {
    /// Known to its owner alone.
    Opaque(LitStr),
    /// The shape of another type, which serde reads in its place.
    Transparent(Holds<'a>),
    /// The shape of another type, around which this one is a struct of its own for serde.
    Newtype(Holds<'a>),
    /// The shape of the type that serde converts from and into.
    Converted(Type),
    Unit,
    Tuple(Vec<Item<'a>>),
    Struct {
        fields: Vec<Field<'a>>,
        closed: bool,
    },
    Enum {
        tagging: Tagging,
        variants: Vec<Variant<'a>>,
        closed: bool,
    },
}

/// The content of a field.
pub(crate) enum Holds<'a> {
    Type(&'a Type),
    Opaque(LitStr),
}

/// A place of a tuple, or what a variant holds.
pub(crate) struct Item<'a> {
    pub(crate) holds: Holds<'a>,
    /// The declarations on it besides its shape.
    pub(crate) declared: String,
}

pub(crate) struct Field<'a> {
    pub(crate) name: Name,
    pub(crate) optional: bool,
    /// True if it is never left out of what is written, though it may be absent.
    pub(crate) always_written: bool,
    pub(crate) holds: Holds<'a>,
    /// The declarations on it besides its shape.
    pub(crate) declared: String,
}

pub(crate) struct Variant<'a> {
    pub(crate) name: Name,
    pub(crate) other: bool,
    pub(crate) content: Content<'a>,
    /// The declarations on it besides its shape.
    pub(crate) declared: String,
}

pub(crate) enum Content<'a> {
    Unit,
    Newtype(Item<'a>),
    Tuple(Vec<Item<'a>>),
    Struct(Vec<Field<'a>>),
}

pub(crate) enum Tagging {
    External,
    Internal(LitStr),
    Adjacent(LitStr, LitStr),
}

/// A field or a variant with its attributes, before they are judged.
pub(crate) struct Part<'a> {
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) ty: Option<&'a Type>,
    pub(crate) serde: serde::Part,
    pub(crate) opaque: Option<LitStr>,
    /// The declarations on it besides its shape.
    pub(crate) declared: String,
}

impl<'a> Part<'a> {
    fn new(
        ident: Option<&'a Ident>,
        ty: Option<&'a Type>,
        attrs: &[Attribute],
        default: Option<&Word>,
        (place, errors): (Place, &Errors),
    ) -> Self {
        let opaque = schema::parse(attrs, place, errors).opaque;
        let declared = declared::written(attrs).unwrap_or_else(|| {
            // Mistakes in them are reported where the history is read.
            let unheard = Errors::new();
            let attribute = if place == Place::PartWithHistory { "schema" } else { "event" };
            let mut steps = history::of_part(attrs, attribute, &unheard);
            drop(unheard.finish());
            steps.sort_by_key(|step| step.version.number);
            let held = (ty, opaque.is_some());
            declared::of_part(&serde::words(attrs), default, held, steps.iter())
        });
        Self { ident, ty, serde: serde::part(attrs), opaque, declared }
    }

    /// A field, of a container with this `default`.
    pub(crate) fn of_field(
        field: &'a syn::Field,
        default: Option<&Word>,
        place: Place,
        errors: &Errors,
    ) -> Self {
        let (ident, ty) = (field.ident.as_ref(), Some(&field.ty));
        Self::new(ident, ty, &field.attrs, default, (place, errors))
    }

    pub(crate) fn of_variant(variant: &'a syn::Variant, place: Place, errors: &Errors) -> Self {
        Self::new(Some(&variant.ident), None, &variant.attrs, None, (place, errors))
    }
}

/// The fields of a container, or of a variant, with this `default`.
pub(crate) fn parts<'a>(
    fields: &'a Fields,
    default: Option<&Word>,
    place: Place,
    errors: &Errors,
) -> Vec<Part<'a>> {
    fields.iter().map(|field| Part::of_field(field, default, place, errors)).collect()
}

/// Returns what a field holds; `None` for one that only an error can speak of.
pub(crate) fn holds<'a>(part: &Part<'a>) -> Option<Holds<'a>> {
    match (&part.opaque, part.ty) {
        (Some(name), _) => Some(Holds::Opaque(name.clone())),
        (None, Some(ty)) => Some(Holds::Type(ty)),
        (None, None) => None,
    }
}

/// The places of a tuple, without those that are skipped.
pub(crate) fn items<'a>(parts: &[Part<'a>]) -> Vec<Item<'a>> {
    let there = parts.iter().filter(|part| !part.serde.is_skipped());
    let item = |part| Some(Item { holds: holds(part)?, declared: part.declared.clone() });
    there.filter_map(item).collect()
}

/// The fields of an object, without those that are skipped.
pub(crate) fn fields<'a>(
    parts: &[Part<'a>],
    rule: &Ways<Case>,
    all_optional: bool,
    errors: &Errors,
) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    for part in parts.iter().filter(|part| !part.serde.is_skipped()) {
        let (Some(ident), Some(holds)) = (part.ident, holds(part)) else { continue };
        let is_spread_if_any = part.serde.flatten && part.ty.is_some_and(is_flattened_if_any);
        let optional = match part.serde.flatten {
            true => is_spread_if_any,
            false => all_optional || part.serde.default,
        };
        let name = match part.serde.flatten {
            // What is spread into the object has no name of its own.
            true => Name { written: LitStr::new("*", ident.span()), aliases: Vec::new() },
            false => name(ident, &part.serde.names, rule, Case::field, errors),
        };
        let always_written =
            optional && !part.serde.flatten && part.serde.skip_serializing_if.is_none();
        let declared = part.declared.clone();
        fields.push(Field { name, optional, always_written, holds, declared });
    }
    fields
}

/// A serde container, and where it stands.
pub(crate) struct Container<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) serde: serde::Container,
    pub(crate) opaque: Option<LitStr>,
    /// The place that says which attributes its parts may have.
    place: Place,
}

impl<'a> Container<'a> {
    pub(crate) fn new(input: &'a DeriveInput, opaque: Option<LitStr>) -> Self {
        Self { input, serde: serde::container(&input.attrs), opaque, place: Place::Part }
    }

    /// One whose parts may tell, by `#[schema(…)]`, what they went through.
    pub(crate) fn with_history(input: &'a DeriveInput, opaque: Option<LitStr>) -> Self {
        Self { place: Place::PartWithHistory, ..Self::new(input, opaque) }
    }

    pub(crate) fn is_struct(&self) -> bool {
        matches!(self.input.data, syn::Data::Struct(_))
    }

    /// Writes what is declared of the type as a whole besides its shape: the code that converts it, and what
    /// stands on the only field of a newtype, which has the shape of that.
    pub(crate) fn declared(&self) -> String {
        let unheard = Errors::new();
        let only = match &self.input.data {
            syn::Data::Struct(data) if self.is_newtype(&data.fields) => {
                let parts = parts(&data.fields, None, self.place, &unheard);
                let there = parts.into_iter().filter(|part| !part.serde.is_skipped());
                let mut there = there.filter(|part| !is_phantom(part)).map(|part| part.declared);
                there.next()
            }
            _ => None,
        };
        drop(unheard.finish());
        let whole = declared::of_container(&serde::words(&self.input.attrs));
        let all = [Some(whole), only].into_iter().flatten().filter(|said| !said.is_empty());
        all.collect::<Vec<_>>().join(", ")
    }

    /// Returns true if it is written as its only field.
    fn is_newtype(&self, fields: &Fields) -> bool {
        self.serde.transparent || matches!(fields, Fields::Unnamed(_)) && fields.len() == 1
    }

    pub(crate) fn tagging(&self) -> Tagging {
        match (&self.serde.tag, &self.serde.content) {
            (None, _) => Tagging::External,
            (Some(tag), None) => Tagging::Internal(tag.clone()),
            (Some(tag), Some(content)) => Tagging::Adjacent(tag.clone(), content.clone()),
        }
    }
}

/// Builds the shape of a type that no error says to be a part of itself; see [`build`].
pub(crate) fn build_closed<'a>(container: &Container<'a>, errors: &Errors) -> Option<Wire<'a>> {
    let wire = build(container, errors);
    cycle::closed(container.input, container.opaque.is_some(), errors);
    wire
}

/// Builds the shape of the JSON of the type; `None` when an error says why it cannot be told.
pub(crate) fn build<'a>(container: &Container<'a>, errors: &Errors) -> Option<Wire<'a>> {
    if let Some(name) = &container.opaque {
        return Some(Wire::Opaque(name.clone()));
    }
    if !check::container(container, errors) {
        return None;
    }
    if let Some(ty) = check::conversion(container, errors)? {
        return Some(Wire::Converted(ty));
    }
    match &container.input.data {
        syn::Data::Struct(data) => structure(container, &data.fields, errors),
        syn::Data::Enum(data) => {
            let variants = data.variants.iter();
            let variants =
                variants.filter_map(|v| variant(container, v, errors)).collect::<Vec<_>>();
            check::distinct(variants.iter().map(|variant| &variant.name), "variants", errors);
            let (tagging, closed) = (container.tagging(), container.serde.closed.is_some());
            Some(Wire::Enum { tagging, variants, closed })
        }
        syn::Data::Union(data) => {
            errors.on(data.union_token, "a union has no JSON; make it an enum");
            None
        }
    }
}

fn structure<'a>(
    container: &Container<'a>,
    declared: &'a Fields,
    errors: &Errors,
) -> Option<Wire<'a>> {
    let serde = &container.serde;
    let words = serde::words(&container.input.attrs);
    let default = words.iter().find(|word| word.name == "default");
    let parts = parts(declared, default, container.place, errors);
    check::parts(container, &parts, serde.default, errors);
    if serde.transparent {
        let mut carrier = parts.iter().filter(|part| !part.serde.is_skipped() && !is_phantom(part));
        return carrier.next().and_then(holds).map(Wire::Transparent).or(Some(Wire::Unit));
    }
    Some(match declared {
        Fields::Unit => Wire::Unit,
        Fields::Unnamed(_) if parts.len() == 1 => Wire::Newtype(holds(&parts[0])?),
        Fields::Unnamed(_) => Wire::Tuple(items(&parts)),
        Fields::Named(_) => {
            let fields = fields(&parts, &serde.rename_all, serde.default, errors);
            check::distinct(fields.iter().map(|field| &field.name), "fields", errors);
            check::apart_from_tag(&serde.tag, fields.iter().map(|field| &field.name), errors);
            match &serde.tag {
                None => Wire::Struct { fields, closed: serde.closed.is_some() },
                // A tagged struct is written like the only variant of an internally tagged enum.
                Some(tag) => {
                    let none = Ways::default();
                    let ident = &container.input.ident;
                    let name = name(ident, &serde.names, &none, Case::variant, errors);
                    let content = Content::Struct(fields);
                    let declared = String::new();
                    let variants = vec![Variant { name, other: false, content, declared }];
                    let tagging = Tagging::Internal(tag.clone());
                    Wire::Enum { tagging, variants, closed: serde.closed.is_some() }
                }
            }
        }
    })
}

fn variant<'a>(
    container: &Container<'a>,
    declared: &'a syn::Variant,
    errors: &Errors,
) -> Option<Variant<'a>> {
    let part = Part::of_variant(declared, container.place, errors);
    check::variant(&part, errors);
    if part.serde.is_skipped() {
        return None;
    }
    let name = name(
        &declared.ident,
        &part.serde.names,
        &container.serde.rename_all,
        Case::variant,
        errors,
    );
    let content = match &part.opaque {
        Some(opaque) => {
            let holds = Holds::Opaque(opaque.clone());
            Content::Newtype(Item { holds, declared: String::new() })
        }
        None => content(container, &part, &declared.fields, errors),
    };
    Some(Variant { name, other: part.serde.other, content, declared: part.declared })
}

fn content<'a>(
    container: &Container<'a>,
    variant: &Part<'a>,
    declared: &'a Fields,
    errors: &Errors,
) -> Content<'a> {
    let parts = parts(declared, None, container.place, errors);
    check::parts(container, &parts, false, errors);
    match declared {
        Fields::Unit => Content::Unit,
        Fields::Unnamed(_) if parts.len() == 1 => {
            // A newtype variant that skips its value is written like a unit variant.
            items(&parts).pop().map_or(Content::Unit, Content::Newtype)
        }
        Fields::Unnamed(_) => Content::Tuple(items(&parts)),
        Fields::Named(_) => {
            let (own, all) = (&variant.serde.rename_all, &container.serde.rename_all_fields);
            let rule = Ways { write: own.write.or(all.write), read: own.read.or(all.read) };
            let fields = fields(&parts, &rule, false, errors);
            check::distinct(fields.iter().map(|field| &field.name), "fields", errors);
            Content::Struct(fields)
        }
    }
}

/// Returns true if a type that is flattened takes what there is, also nothing.
fn is_flattened_if_any(ty: &Type) -> bool {
    const TAKE_ANY: [&str; 6] = ["Option", "BTreeMap", "HashMap", "IndexMap", "Map", "Value"];
    last_segment(ty).is_some_and(|last| TAKE_ANY.iter().any(|name| last.ident == name))
}

/// Returns true if the field is a `PhantomData`, which `transparent` looks past.
fn is_phantom(part: &Part<'_>) -> bool {
    part.ty.and_then(last_segment).is_some_and(|last| last.ident == "PhantomData")
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        _ => None,
    }
}

/// Where the name of a type stands: the last segment of its path, or its first token.
pub(crate) fn type_span(ty: &Type) -> Span {
    let first = || syn::spanned::Spanned::span(ty);
    last_segment(ty).map_or_else(first, |segment| segment.ident.span())
}
