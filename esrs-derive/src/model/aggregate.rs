//! An aggregate: its name, what tells its instances apart, and the enum of its events.

use std::collections::HashSet;

use proc_macro2::Span;
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::{DeriveInput, Ident, LitStr, Path, Type, Visibility};

use crate::attr::aggregate::{AggregateAttr, Demand, Listed, Role};
use crate::check::aggregate::check;
use crate::errors::Errors;
use crate::krate::Krate;

pub(crate) struct Aggregate<'a> {
    pub(crate) krate: Krate,
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) name: Option<&'a LitStr>,
    pub(crate) id: Option<&'a Type>,
    /// Those that are folded, then those that are split, then those that are ignored.
    pub(crate) events: Vec<Event<'a>>,
    /// Where the attribute `events` stands.
    pub(crate) events_span: Span,
    pub(crate) retired: &'a [LitStr],
    pub(crate) requires: &'a [Demand],
    pub(crate) fold_version: Option<u32>,
    pub(crate) event_enum: Ident,
    pub(crate) event_derives: &'a [Path],
}

pub(crate) struct Event<'a> {
    pub(crate) path: &'a Path,
    /// Its variant in the enum of events; of one that is split has none.
    pub(crate) variant: Ident,
    pub(crate) role: Role,
}

impl<'a> Aggregate<'a> {
    /// The aggregate, checked.
    pub(crate) fn checked(
        input: &'a DeriveInput,
        attr: &'a AggregateAttr,
        errors: &Errors,
    ) -> Self {
        let model = Self::new(input, attr);
        check(input, attr, &model, errors);
        model
    }

    pub(crate) fn new(input: &'a DeriveInput, attr: &'a AggregateAttr) -> Self {
        let roles = [Role::Folded, Role::Split, Role::Ignored];
        let in_role = |role| attr.events.iter().filter(move |listed| listed.role == role);
        let event_enum = attr.event_enum.clone();
        Self {
            krate: Krate::new(attr.krate.clone()),
            ident: &input.ident,
            visibility: &input.vis,
            name: attr.name.as_ref(),
            id: attr.id.as_ref(),
            events: roles.into_iter().flat_map(in_role).filter_map(Event::new).collect(),
            events_span: attr.events_word.as_ref().map_or_else(Span::call_site, Ident::span),
            retired: &attr.retired,
            requires: &attr.requires,
            fold_version: attr.fold_version,
            event_enum: event_enum.unwrap_or_else(|| format_ident!("{}Event", input.ident.unraw())),
            event_derives: &attr.event_derives,
        }
    }

    /// Returns the number of its events with this role.
    pub(crate) fn count(&self, role: Role) -> usize {
        self.events.iter().filter(|event| event.role == role).count()
    }

    /// The events that a command may emit.
    pub(crate) fn emitted(&self) -> impl Iterator<Item = &Event<'a>> {
        self.events.iter().filter(|event| event.role != Role::Split)
    }

    /// Drops what stands twice, so that what is generated next to an error brings no error of its own.
    pub(crate) fn without_clashes(mut self) -> Self {
        let (mut paths, mut variants) = (HashSet::new(), HashSet::new());
        self.events.retain(|event| paths.insert(event.path.to_token_stream().to_string()));
        for event in &mut self.events {
            while !variants.insert(event.variant.clone()) {
                event.variant = format_ident!("{}_", event.variant);
            }
        }
        self
    }
}

impl<'a> Event<'a> {
    fn new(listed: &'a Listed) -> Option<Self> {
        let last = &listed.path.segments.last()?.ident;
        let variant = listed.rename.as_ref().unwrap_or(last).clone();
        Some(Self { path: &listed.path, variant, role: listed.role })
    }
}
