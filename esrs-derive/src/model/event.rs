//! The model of an event: a name, a version, and what came before it.

use proc_macro2::{Ident, Span};
use syn::{DeriveInput, LitStr, Type};

use super::history::{self, Declared, History};
use super::schema::{Container, Wire, build};
use crate::attr::event::{self as attr};
use crate::attr::schema::{self, Place};
use crate::check::event as check;
use crate::errors::Errors;
use crate::krate::Krate;

pub(crate) struct Event<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) name: LitStr,
    pub(crate) version: u32,
    pub(crate) from: Option<Type>,
    pub(crate) aliases: Vec<LitStr>,
    /// The events that became this one.
    pub(crate) merges: Vec<Type>,
    pub(crate) krate: Krate,
    pub(crate) wire: Wire<'a>,
    /// The declarations on it as a whole besides its shape.
    pub(crate) declared: String,
    /// The changes of its fields, when they tell it.
    pub(crate) history: Option<History<'a>>,
}

pub(crate) fn new<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<Event<'a>> {
    let attr = attr::parse(&input.attrs, errors);
    check::attribute(&attr, &input.ident, errors);
    let is_struct = check::data(input, errors);
    check::generics(input, errors);
    let mistakes = errors.count();
    let opaque = schema::parse(&input.attrs, Place::Part, errors).opaque;
    let container = Container::new(input, opaque.clone());
    let wire = is_struct.then(|| build(&container, errors)).flatten();
    let declared = container.declared();
    let krate = Krate::new(attr.krate.clone());
    let history = is_struct.then(|| {
        let (version, from) = (attr.version.clone(), attr.from.clone().map(|(_, from)| from));
        let removed = attr.removed;
        let attribute = "event";
        let declared = Declared { input, attribute, version, from, removed, mistakes, opaque };
        history::new(declared, errors)
    });
    Some(Event {
        ident: &input.ident,
        name: attr.name?,
        version: attr.version.map_or(1, |(_, version)| version),
        from: attr.from.map(|(_, from)| from),
        aliases: attr.aliases,
        merges: attr.merges,
        krate,
        wire: wire?,
        declared,
        history: history.flatten(),
    })
}

/// The rest of an event with a mistake in it.
pub(crate) struct Remains {
    pub(crate) name: LitStr,
    pub(crate) version: u32,
    pub(crate) krate: Krate,
}

pub(crate) fn remains(input: &DeriveInput) -> Remains {
    // They were reported already.
    let errors = Errors::new();
    let attr = attr::parse(&input.attrs, &errors);
    drop(errors.finish());
    let name = attr.name.filter(|name| !name.value().is_empty());
    Remains {
        // The struct's name is as different from other names as the struct is from other structs.
        name: name.unwrap_or_else(|| LitStr::new(&input.ident.to_string(), Span::call_site())),
        version: attr.version.map_or(1, |(_, version)| version),
        krate: Krate::new(attr.krate),
    }
}
