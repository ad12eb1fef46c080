//! `#[aggregate("name", id = …, events(…), …)]`.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{DeriveInput, Ident, LitStr, Path, Token, Type, token};

use super::list::{Words, is_bare_word, parse_list, parse_parenthesized, parse_value, unknown};
use super::{meta, name};
use crate::errors::Errors;

const WORDS: &[&str] = &[
    "id",
    "events",
    "retired",
    "requires",
    "fold_version",
    "event_enum",
    "event_derives",
    "crate",
];

/// The attributes of an aggregate, as far as they could be read.
#[derive(Default)]
pub(crate) struct AggregateAttr {
    /// The `aggregate` attribute, for what is missing from the attribute.
    pub(crate) word: Option<Path>,
    pub(crate) name: Option<LitStr>,
    /// The `id` attribute, also when what follows could not be read.
    pub(crate) id_word: Option<Ident>,
    pub(crate) id: Option<Type>,
    /// The `events` attribute, also when what follows could not be read.
    pub(crate) events_word: Option<Ident>,
    pub(crate) events: Vec<Listed>,
    pub(crate) retired: Vec<LitStr>,
    pub(crate) requires: Vec<Demand>,
    pub(crate) fold_version: Option<u32>,
    pub(crate) event_enum: Option<Ident>,
    pub(crate) event_derives: Vec<Path>,
    pub(crate) krate: Option<Path>,
}

/// An event in `events(…)`.
pub(crate) struct Listed {
    pub(crate) path: Path,
    /// The variant's name in `path as Variant`.
    pub(crate) rename: Option<Ident>,
    pub(crate) role: Role,
}

/// The role of an event in `events(…)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Folded,
    /// `split(…)`: it is no longer emitted, and counts as its parts.
    Split,
    /// `ignored(…)`: it changes nothing.
    Ignored,
}

/// An entry of `requires(…)`.
pub(crate) enum Demand {
    /// One of the words.
    Word(Ident),
    /// The type of a key of the user's own.
    Key(Path),
}

impl Demand {
    pub(crate) fn key(&self) -> Option<&Path> {
        match self {
            Self::Word(_) => None,
            Self::Key(path) => Some(path),
        }
    }
}

/// The circumstances that every command has a place for.
const CIRCUMSTANCES: &[&str] = &["actor", "causation", "correlation"];

pub(crate) fn parse(input: &DeriveInput, errors: &Errors) -> AggregateAttr {
    let mut attr = AggregateAttr::default();
    let mut words = Words::new(WORDS);
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("aggregate")) {
        attr.word.get_or_insert_with(|| attribute.path().clone());
        let mut is_first = true;
        meta::each_item(attribute, errors, |input| {
            attr.item(input, std::mem::take(&mut is_first), &mut words, errors)
        });
    }
    attr
}

impl AggregateAttr {
    fn item(
        &mut self,
        input: ParseStream,
        is_first: bool,
        words: &mut Words,
        errors: &Errors,
    ) -> syn::Result<()> {
        if input.peek(LitStr) {
            return self.name(input.parse()?);
        }
        if is_first && is_bare_word(input) {
            return self.bare_name(&input.call(Ident::parse_any)?);
        }
        let word = words.parse(input, errors)?;
        if word != "events" && word != "retired" && word != "requires" {
            words.once(&word, errors);
        }
        match word.to_string().as_str() {
            "id" => {
                self.id_word.get_or_insert_with(|| word.clone());
                self.id.get_or_insert(parse_value(input, &word, "AccountId")?);
            }
            "events" => {
                self.events_word.get_or_insert_with(|| word.clone());
                parse_parenthesized(input, &word, errors, |input| self.event(input, errors))?;
            }
            "retired" => parse_parenthesized(input, &word, errors, |input| {
                self.retired.push(input.parse().map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        "write the stored name: `retired(\"gift_given\")`",
                    )
                })?);
                Ok(())
            })?,
            "requires" => parse_parenthesized(input, &word, errors, |input| {
                self.requires.push(demand(input, errors)?);
                Ok(())
            })?,
            "fold_version" => {
                self.fold_version.get_or_insert(meta::version(input, &word)?);
            }
            "event_enum" => {
                self.event_enum.get_or_insert(parse_value(input, &word, "BankAccountEvent")?);
            }
            "event_derives" => parse_parenthesized(input, &word, errors, |input| {
                self.event_derives.push(input.parse()?);
                Ok(())
            })?,
            _ => {
                self.krate.get_or_insert(meta::crate_path(input, &word)?);
            }
        }
        Ok(())
    }

    fn bare_name(&mut self, word: &Ident) -> syn::Result<()> {
        let name = name::of_type(word);
        // Taken for the name, so that the missing name is not reported too.
        self.name.get_or_insert_with(|| LitStr::new(&name, word.span()));
        let message = format!("the name of an aggregate is a string: write `\"{name}\"`");
        Err(syn::Error::new_spanned(word, message))
    }

    fn name(&mut self, name: LitStr) -> syn::Result<()> {
        match self.name.replace(name) {
            None => Ok(()),
            Some(first) => {
                let second = self.name.replace(first);
                Err(syn::Error::new_spanned(second, "an aggregate has one name; drop this one"))
            }
        }
    }

    fn event(&mut self, input: ParseStream, errors: &Errors) -> syn::Result<()> {
        let path: Path = input.parse()?;
        if !input.peek(token::Paren) {
            return self.listed(path, input, Role::Folded);
        }
        let role = match path.get_ident() {
            Some(word) if word == "split" => Role::Split,
            Some(word) if word == "ignored" => Role::Ignored,
            _ => {
                let written = path.to_token_stream().to_string().replace(' ', "");
                let (message, meant) = unknown(&written, &["ignored", "split"]);
                errors.on(&path, message);
                if meant == Some("split") { Role::Split } else { Role::Ignored }
            }
        };
        // A mistyped word has its events all the same.
        let content;
        syn::parenthesized!(content in input);
        parse_list(&content, errors, |input| {
            let path = input.parse()?;
            self.listed(path, input, role)
        })
    }

    fn listed(&mut self, path: Path, input: ParseStream, role: Role) -> syn::Result<()> {
        let rename = match input.parse::<Option<Token![as]>>()? {
            Some(_) => Some(input.parse::<Ident>()?),
            None => None,
        };
        if let (Role::Split, Some(rename)) = (role, &rename) {
            let message =
                "an event in `split(…)` is no longer emitted, and is no variant: drop this name";
            return Err(syn::Error::new_spanned(rename, message));
        }
        self.events.push(Listed { path, rename, role });
        Ok(())
    }
}

/// Parses a demand: a lowercase letter begins a word, and anything else, `r#…` too, a type.
fn demand(input: ParseStream, errors: &Errors) -> syn::Result<Demand> {
    let is_word = is_bare_word(input) && {
        let word = input.fork().call(Ident::parse_any)?.to_string();
        word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.starts_with("r#")
    };
    if !is_word {
        return Ok(Demand::Key(input.parse()?));
    }
    let word = Words::new(CIRCUMSTANCES).parse(input, errors).map_err(|error| {
        let message = format!("{error}, or the type of a metadata key, such as `Branch`");
        syn::Error::new(error.span(), message)
    })?;
    Ok(Demand::Word(word))
}
