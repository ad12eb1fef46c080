//! The history of a type, as its fields and its variants tell it; and what it was at each version.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Index, LitStr, Member, Type};

use super::declared;
use super::name::name;
use crate::attr::history::{self as attr, Change, Conversion, Removed, What};
use crate::attr::schema::{self, Place};
use crate::attr::serde::{self, Case, Ways, Word};
use crate::check::history as check;
use crate::errors::Errors;

/// The facts about a type that are known before its fields.
pub(crate) struct Declared<'a> {
    pub(crate) input: &'a DeriveInput,
    /// The attribute that tells the history: `event` or `schema`.
    pub(crate) attribute: &'static str,
    /// The attribute `version`, and what it says.
    pub(crate) version: Option<(Ident, u32)>,
    /// The newest version that has a struct.
    pub(crate) from: Option<Type>,
    pub(crate) removed: Vec<Removed>,
    /// The number of mistakes found before; any after may be why a version is not told of.
    pub(crate) mistakes: usize,
    /// The name of a shape that only its owner knows.
    pub(crate) opaque: Option<LitStr>,
}

/// A type that tells what it went through.
pub(crate) struct History<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) version: u32,
    /// The version that the first declared step begins with: 1, or that of the struct which is there.
    pub(crate) oldest: u32,
    /// The struct of that version, when there is one.
    pub(crate) from: Option<Type>,
    /// The structs, or variants, and their fields; a struct is its only one.
    pub(crate) bodies: Vec<Body<'a>>,
    pub(crate) removed: Vec<Removed>,
}

/// A struct, or a variant.
pub(crate) struct Body<'a> {
    /// The variant's name.
    pub(crate) variant: Option<&'a Ident>,
    pub(crate) fields: Vec<Field<'a>>,
    /// The style of its fields.
    pub(crate) style: &'a Fields,
    /// The changes of the variant.
    pub(crate) changes: Vec<Change>,
    pub(crate) serde: Vec<Word>,
    pub(crate) opaque: Option<LitStr>,
    /// The rule by which its fields are named.
    pub(crate) rule: Ways<Case>,
}

/// A field that there is today.
pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    pub(crate) field: &'a syn::Field,
    /// By version.
    pub(crate) changes: Vec<Change>,
    opaque: Option<LitStr>,
}

/// A field, or a variant, at one version.
#[derive(Clone)]
pub(crate) struct Past {
    pub(crate) serde: Vec<Word>,
    pub(crate) opaque: Option<LitStr>,
}

/// The history of a type that tells one; an error when it contradicts itself, or leaves out a version.
pub(crate) fn new<'a>(declared: Declared<'a>, errors: &Errors) -> Option<History<'a>> {
    let bodies = bodies(&declared, errors);
    let versions = check::versions(&declared, &bodies, errors);
    let Declared { input, from, removed, version, .. } = declared;
    let version = version.map_or(1, |(_, version)| version);
    let is_told = !removed.is_empty() || bodies.iter().any(Body::is_told);
    let oldest = versions?;
    let history = History { input, version, oldest, from, bodies, removed };
    if !is_told {
        return None;
    }
    check::names(&history, errors);
    Some(history)
}

fn bodies<'a>(declared: &Declared<'a>, errors: &Errors) -> Vec<Body<'a>> {
    let (attrs, attribute) = (&declared.input.attrs, declared.attribute);
    let container = serde::container(attrs);
    match &declared.input.data {
        Data::Struct(data) => vec![Body {
            variant: None,
            fields: fields(&data.fields, attribute, errors),
            style: &data.fields,
            changes: Vec::new(),
            serde: Vec::new(),
            opaque: None,
            rule: container.rename_all,
        }],
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let (own, all) =
                    (serde::part(&variant.attrs).rename_all, &container.rename_all_fields);
                Body {
                    variant: Some(&variant.ident),
                    fields: fields(&variant.fields, attribute, errors),
                    style: &variant.fields,
                    changes: sorted(attr::of_part(&variant.attrs, attribute, errors)),
                    serde: serde::words(&variant.attrs),
                    opaque: opaque(&variant.attrs),
                    rule: Ways { write: own.write.or(all.write), read: own.read.or(all.read) },
                }
            });
            variants.collect()
        }
        Data::Union(_) => Vec::new(),
    }
}

fn fields<'a>(fields: &'a Fields, attribute: &str, errors: &Errors) -> Vec<Field<'a>> {
    let fields = fields.iter().enumerate().map(|(place, field)| Field {
        member: match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(place)),
        },
        field,
        changes: sorted(attr::of_part(&field.attrs, attribute, errors)),
        opaque: opaque(&field.attrs),
    });
    fields.collect()
}

fn opaque(attrs: &[Attribute]) -> Option<LitStr> {
    // Mistakes are reported where the shape is built.
    let unheard = Errors::new();
    let opaque = schema::parse(attrs, Place::PartWithHistory, &unheard).opaque;
    drop(unheard.finish());
    opaque
}

/// By version; what happened in one stays in the order it is written in.
fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| change.version.number);
    changes
}

impl Body<'_> {
    /// Returns true if it, or a field of it, tells anything.
    pub(crate) fn is_told(&self) -> bool {
        self.changes().next().is_some()
    }

    /// All that it and its fields went through.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().chain(self.fields.iter().flat_map(|field| &field.changes))
    }

    /// Returns true if there was one at a version.
    pub(crate) fn is_there_at(&self, version: u32) -> bool {
        is_there_at(&self.changes, version)
    }

    /// Returns what stood on the variant at a version.
    pub(crate) fn at(&self, version: u32) -> Past {
        let now = Past { serde: self.serde.clone(), opaque: None };
        at(now, &self.changes, version)
    }

    /// The declarations on the variant besides its shape, up to a version.
    pub(crate) fn declared_at(&self, version: u32) -> String {
        let steps = self.changes.iter().filter(|change| change.version.number <= version);
        declared::of_part(&self.at(version).serde, None, (None, self.opaque.is_some()), steps)
    }

    /// The variant's name on the wire at a version.
    pub(crate) fn name_at(&self, version: u32, rule: &Ways<Case>) -> Option<LitStr> {
        Some(wire_name(self.variant?, &self.at(version), rule, Case::variant))
    }
}

impl Field<'_> {
    /// Returns true if there was one at a version.
    pub(crate) fn is_there_at(&self, version: u32) -> bool {
        is_there_at(&self.changes, version)
    }

    /// Returns what stood on it at a version.
    pub(crate) fn at(&self, version: u32) -> Past {
        let now = Past { serde: serde::words(&self.field.attrs), opaque: self.opaque.clone() };
        at(now, &self.changes, version)
    }

    /// The declarations on it besides its shape, up to a version; `attrs` are those of the type, whose
    /// `default` is that of the fields of a struct.
    pub(crate) fn declared_at(
        &self,
        version: u32,
        is_of_struct: bool,
        attrs: &[Attribute],
    ) -> String {
        let past = self.at(version);
        let words = serde::words(attrs);
        let default = words.iter().find(|word| word.name == "default" && is_of_struct);
        let held = (Some(self.live_type_at(version)), past.opaque.is_some());
        let steps = self.changes.iter().filter(|change| change.version.number <= version);
        declared::of_part(&past.serde, default, held, steps)
    }

    /// Its type at a version, as far as Rust still knows it: the newest of the versions of that type.
    pub(crate) fn live_type_at(&self, version: u32) -> &Type {
        let after = self.after(version).find_map(|change| match &change.what {
            What::Retyped { from, .. } => Some(&**from),
            _ => None,
        });
        after.unwrap_or(&self.field.ty)
    }

    /// The older version of that type which it held.
    pub(crate) fn held_at(&self, version: u32) -> Option<attr::Version> {
        self.after(version).find_map(|change| match &change.what {
            What::Retyped { .. } => Some(None),
            What::Updated { from } => Some(Some(*from)),
            _ => None,
        })?
    }

    /// Returns what it went through since a version.
    pub(crate) fn after(&self, version: u32) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.version.number > version)
    }

    /// Its name on the wire at a version; the place of one that has none.
    pub(crate) fn name_at(&self, version: u32, rule: &Ways<Case>) -> LitStr {
        match &self.member {
            Member::Named(ident) => wire_name(ident, &self.at(version), rule, Case::field),
            Member::Unnamed(index) => LitStr::new(&index.index.to_string(), Span::call_site()),
        }
    }

    /// Its name in the struct of a version that a person wrote: its own, or the one it had on the wire.
    pub(crate) fn rust_name_at(&self, version: u32, rule: &Ways<Case>) -> Member {
        let renamed = self.after(version).find_map(|change| match &change.what {
            What::Renamed { from } => Some(from),
            _ => None,
        });
        let Some(from) = renamed else { return self.member.clone() };
        let wire = from.value();
        let by_rule = snake(&wire);
        let rust = match rule.write {
            Some(case) if case.field(&by_rule) == wire => by_rule,
            _ => wire,
        };
        let ident = syn::parse_str::<Ident>(&rust);
        let mut ident = ident.unwrap_or_else(|_| match syn::parse_str(&format!("r#{rust}")) {
            Ok(raw) => raw,
            Err(_) => format_ident!("unnamed"),
        });
        ident.set_span(from.span());
        Member::Named(ident)
    }
}

/// `unitPrice` and `unit-price` as Rust writes them.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(match c {
            '-' => vec!['_'],
            c => c.to_lowercase().collect(),
        });
    }
    snake
}

impl Removed {
    /// Returns true if there was one at a version.
    pub(crate) fn is_there_at(&self, version: u32) -> bool {
        self.since.is_none_or(|since| since.number <= version) && version < self.version.number
    }

    /// Returns what stood on it.
    pub(crate) fn past(&self) -> Past {
        let name = &self.name;
        let own = self.had.serde.clone().map(serde::words_of).unwrap_or_default();
        let mut serde = vec![Word { name: "rename".into(), tokens: quote!(rename = #name) }];
        serde.extend(own.into_iter().filter(|word| word.name != "rename"));
        Past { serde, opaque: self.had.opaque.clone() }
    }
}

impl Past {
    /// The attributes of serde, and ours of what is opaque when `for_shape`.
    pub(crate) fn attributes(&self, for_shape: bool) -> TokenStream {
        let words: Vec<_> = self.serde.iter().map(|word| &word.tokens).collect();
        let serde = (!words.is_empty()).then(|| quote!(#[serde(#(#words),*)]));
        let opaque = self.opaque.iter().filter(|_| for_shape);
        quote!(#serde #(#[schema(opaque = #opaque)])*)
    }

    /// Parses what serde is told of it.
    pub(crate) fn parsed(&self) -> serde::Part {
        let words: Vec<_> = self.serde.iter().map(|word| &word.tokens).collect();
        serde::part(&[syn::parse_quote!(#[serde(#(#words),*)])])
    }
}

fn is_there_at(changes: &[Change], version: u32) -> bool {
    let is_added = |change: &&Change| matches!(change.what, What::Added { .. });
    changes.iter().find(is_added).is_none_or(|added| added.version.number <= version)
}

/// Returns what stood there at a version: what stands there now, and each change taken back.
fn at(mut past: Past, changes: &[Change], version: u32) -> Past {
    // It is never written again.
    past.serde.retain(|word| word.name != "skip_serializing_if");
    for change in changes.iter().rev().filter(|change| change.version.number > version) {
        match &change.what {
            What::Added { .. } | What::Updated { .. } => {}
            What::Renamed { from } => {
                let value = from.value();
                past.serde.retain(|word| match word.name.as_str() {
                    "rename" => false,
                    "alias" => !word.tokens.to_string().contains(&format!("{value:?}")),
                    _ => true,
                });
                let tokens = quote!(rename = #from);
                past.serde.push(Word { name: "rename".into(), tokens });
            }
            What::Retyped { had, .. } => {
                past.opaque.clone_from(&had.opaque);
                if let Some(said) = &had.serde {
                    let said = serde::words_of(said.clone());
                    let is_said = |name: &str| said.iter().any(|word| word.name == name);
                    past.serde.retain(|word| word.name == "rename" && !is_said("rename"));
                    past.serde.extend(said);
                }
            }
        }
    }
    past
}

fn wire_name(
    ident: &Ident,
    past: &Past,
    rule: &Ways<Case>,
    apply: fn(Case, &str) -> String,
) -> LitStr {
    // A name that is not read is reported where the shape is built.
    let unheard = Errors::new();
    let name = name(ident, &past.parsed().names, rule, apply, &unheard);
    drop(unheard.finish());
    name.written
}

impl History<'_> {
    /// The versions that the declared steps lead from.
    pub(crate) fn past_versions(&self) -> std::ops::Range<u32> {
        self.oldest..self.version
    }

    /// Those of them whose struct is generated.
    pub(crate) fn generated(&self) -> impl Iterator<Item = u32> {
        self.past_versions().filter(|version| !self.is_kept(*version))
    }

    /// Returns true if the struct of a version is the user's own.
    pub(crate) fn is_kept(&self, version: u32) -> bool {
        self.from.is_some() && version == self.oldest
    }

    /// The name of the struct of a version; nothing of the user's is called so.
    pub(crate) fn ident_at(&self, version: u32) -> Ident {
        let own = self.input.ident.unraw();
        Ident::new(&format!("__{own}V{version}"), Span::mixed_site())
    }

    /// All that anything went through.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.bodies.iter().flat_map(Body::changes)
    }

    /// Returns true if what was stored as a version may be refused before it is the newest.
    pub(crate) fn may_refuse(&self, version: u32) -> bool {
        let mut later = self.changes().filter(|change| change.version.number > version);
        later.any(|change| change.tried().is_some())
    }

    /// The tokens that say what led to a version, and where the first of them stands.
    pub(crate) fn words_in(&self, version: u32) -> Vec<&Ident> {
        let changes = self.changes().filter(|change| change.version.number == version);
        let gone = self.removed.iter().filter(|removed| {
            removed.version.number == version
                || removed.since.is_some_and(|since| since.number == version)
        });
        changes.map(|change| &change.word).chain(gone.map(|removed| &removed.word)).collect()
    }

    /// Returns the rule by which the variants are named.
    pub(crate) fn variant_rule(&self) -> Ways<Case> {
        serde::container(&self.input.attrs).rename_all
    }

    /// The tokens of every attribute that the steps follow from.
    pub(crate) fn code(&self) -> TokenStream {
        let mut code = TokenStream::new();
        for body in &self.bodies {
            let variant = body.variant;
            code.extend(quote!(#variant));
            code.extend(body.changes.iter().map(tokens));
            for field in &body.fields {
                let member = &field.member;
                code.extend(quote!(#member));
                code.extend(field.changes.iter().map(tokens));
            }
        }
        for removed in &self.removed {
            let (name, number) = (&removed.name, removed.version.number);
            code.extend(quote!(removed in #number: #name;));
        }
        code
    }
}

fn tokens(change: &Change) -> TokenStream {
    let Change { word, version, what } = change;
    let number = version.number;
    let what = match what {
        What::Added { default } => quote!(#default),
        What::Renamed { from } => quote!(#from),
        What::Retyped { from, with, .. } => {
            let Conversion { function, tried } = with;
            quote!(#from, #tried #function)
        }
        What::Updated { from } => {
            let from = from.number;
            quote!(#from)
        }
    };
    quote!(#word in #number: #what;)
}
