//! `#[projection(table = "…", of = …, creates(…), events(…), deletes(…))]`, and what stands on the
//! fields of a row.

use std::fmt;

use proc_macro2::{Ident, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{DeriveInput, Field, LitInt, LitStr, Member, Path, Token, token};

use super::list::{Words, parse_list, parse_parenthesized, parse_value};
use super::meta;
use crate::errors::Errors;

const WORDS: &[&str] = &["table", "version", "of", "creates", "events", "deletes", "crate"];
const EVENT_WORDS: &[&str] = &["of", "key", "missing"];
const FIELD_WORDS: &[&str] = &["key", "text", "json", "column"];

/// The attributes of a row, as far as they could be read.
#[derive(Default)]
pub(crate) struct ProjectionAttr {
    /// The attribute `projection`, for what is missing from the attribute.
    pub(crate) word: Option<Path>,
    /// The attribute `table`, also when what follows could not be read.
    pub(crate) table_word: Option<Ident>,
    pub(crate) table: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) of: Option<Path>,
    /// The `creates` attribute, also when what follows could not be read.
    pub(crate) creates_word: Option<Ident>,
    pub(crate) listed: Vec<Listed>,
    pub(crate) krate: Option<Path>,
}

/// The list that an event stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Creates,
    Events,
    Deletes,
}

impl List {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Creates => "creates",
            Self::Events => "events",
            Self::Deletes => "deletes",
        }
    }
}

/// An event in one of the lists.
pub(crate) struct Listed {
    pub(crate) path: Path,
    pub(crate) list: List,
    pub(crate) of: Option<Path>,
    pub(crate) key: Option<Keys>,
    /// The place of `missing = skip`.
    pub(crate) skip: Option<Ident>,
}

/// The rows that an event is about: one key each.
#[derive(PartialEq)]
pub(crate) struct Keys {
    pub(crate) word: Ident,
    pub(crate) rows: Vec<RowKey>,
}

/// The parts of a row's key, one for each key field.
#[derive(PartialEq)]
pub(crate) struct RowKey(pub(crate) Vec<KeyPart>);

#[derive(PartialEq)]
pub(crate) enum KeyPart {
    /// `stream_id`, the id of the stream.
    StreamId(Ident),
    /// A field of the event, or of a field of it.
    Field(Vec<Member>),
}

impl Keys {
    /// Returns true if the id of the stream is part of one.
    pub(crate) fn has_stream_id(&self) -> bool {
        self.rows
            .iter()
            .flat_map(|RowKey(parts)| parts)
            .any(|part| matches!(part, KeyPart::StreamId(_)))
    }
}

impl fmt::Display for Keys {
    /// As it is written: `[from, (to, currency)]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.rows.iter().map(ToString::to_string).collect();
        write!(f, "[{}]", rows.join(", "))
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &KeyPart| match part {
            KeyPart::StreamId(word) => word.to_string(),
            KeyPart::Field(members) => {
                let members = members.iter().map(|member| member.to_token_stream().to_string());
                members.collect::<Vec<_>>().join(".")
            }
        };
        let parts: Vec<_> = self.0.iter().map(part).collect();
        if parts.len() == 1 { f.write_str(&parts[0]) } else { write!(f, "({})", parts.join(", ")) }
    }
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct FieldAttr {
    pub(crate) key: Option<Ident>,
    pub(crate) text: Option<Ident>,
    pub(crate) json: Option<Ident>,
    pub(crate) column: Option<LitStr>,
}

pub(crate) fn parse(input: &DeriveInput, errors: &Errors) -> ProjectionAttr {
    let mut attr = ProjectionAttr::default();
    let mut words = Words::new(WORDS);
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("projection")) {
        attr.word.get_or_insert_with(|| attribute.path().clone());
        meta::each_item(attribute, errors, |input| attr.item(input, &mut words, errors));
    }
    attr
}

impl ProjectionAttr {
    fn item(&mut self, input: ParseStream, words: &mut Words, errors: &Errors) -> syn::Result<()> {
        let word = words.parse(input, errors)?;
        let list = [List::Creates, List::Events, List::Deletes];
        if let Some(list) = list.into_iter().find(|list| word == list.word()) {
            if list == List::Creates {
                self.creates_word.get_or_insert_with(|| word.clone());
            }
            return parse_parenthesized(input, &word, errors, |input| {
                self.listed.push(Listed::parse(input, list, errors)?);
                Ok(())
            });
        }
        words.once(&word, errors);
        match word.to_string().as_str() {
            "table" => {
                self.table_word.get_or_insert_with(|| word.clone());
                self.table.get_or_insert(parse_value(input, &word, "\"account_summary\"")?);
            }
            "version" => {
                self.version.get_or_insert(parse_value(input, &word, "2")?);
            }
            "of" => {
                self.of.get_or_insert(parse_value(input, &word, "BankAccount")?);
            }
            _ => {
                self.krate.get_or_insert(meta::crate_path(input, &word)?);
            }
        }
        Ok(())
    }
}

impl Listed {
    fn parse(input: ParseStream, list: List, errors: &Errors) -> syn::Result<Self> {
        let mut listed = Self { path: input.parse()?, list, of: None, key: None, skip: None };
        if input.peek(token::Paren) {
            let mut words = Words::new(EVENT_WORDS);
            let content;
            syn::parenthesized!(content in input);
            parse_list(&content, errors, |input| listed.item(input, &mut words, errors))?;
        }
        Ok(listed)
    }

    fn item(&mut self, input: ParseStream, words: &mut Words, errors: &Errors) -> syn::Result<()> {
        let word = words.parse_once(input, errors)?;
        match word.to_string().as_str() {
            "of" => self.of = Some(parse_value(input, &word, "BankAccount")?),
            "key" => {
                input.parse::<Token![=]>().map_err(|_| {
                    let message = "write `key = field`, `key = (field, field)` for a key of \
                                   several fields, or `key = [from, to]` for several rows";
                    syn::Error::new_spanned(&word, message)
                })?;
                let Rows(rows) = input.parse()?;
                self.key = Some(Keys { word, rows });
            }
            _ => {
                let value: Ident = parse_value(input, &word, "skip")?;
                if value != "skip" {
                    return Err(syn::Error::new_spanned(
                        value,
                        "a row that is missing is an error, or is skipped: `missing = skip`",
                    ));
                }
                self.skip = Some(word);
            }
        }
        Ok(())
    }
}

/// `field`, `(field, field)`, or `[…]` of them.
struct Rows(Vec<RowKey>);

impl Parse for Rows {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if !input.peek(token::Bracket) {
            return Ok(Self(vec![input.parse()?]));
        }
        let content;
        let brackets = syn::bracketed!(content in input);
        let rows = separated::<RowKey>(&content)?;
        if rows.is_empty() {
            let message = "an event is about one row at least; write `key = [from, to]`";
            return Err(syn::Error::new(brackets.span.join(), message));
        }
        Ok(Self(rows))
    }
}

impl Parse for RowKey {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if !input.peek(token::Paren) {
            return Ok(Self(vec![input.parse()?]));
        }
        let content;
        syn::parenthesized!(content in input);
        separated(&content).map(Self)
    }
}

/// Skips what is left after a mistake: syn would report it as a second one.
fn separated<T: Parse>(content: ParseStream) -> syn::Result<Vec<T>> {
    let items = content.parse_terminated(T::parse, Token![,]);
    while !content.is_empty() {
        content.parse::<TokenTree>()?;
    }
    Ok(items?.into_iter().collect())
}

impl Parse for KeyPart {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut members: Vec<Member> = vec![input.parse()?];
        while input.parse::<Option<Token![.]>>()?.is_some() {
            members.push(input.parse()?);
        }
        Ok(match members.as_slice() {
            [Member::Named(word)] if word == "stream_id" => Self::StreamId(word.clone()),
            _ => Self::Field(members),
        })
    }
}

pub(crate) fn parse_field(field: &Field, errors: &Errors) -> FieldAttr {
    let mut attr = FieldAttr::default();
    let mut words = Words::new(FIELD_WORDS);
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("projection")) {
        meta::each_item(attribute, errors, |input| {
            let word = words.parse_once(input, errors)?;
            match word.to_string().as_str() {
                "key" => attr.key = Some(word),
                "text" => attr.text = Some(word),
                "json" => attr.json = Some(word),
                _ => attr.column = Some(parse_value(input, &word, "\"name\"")?),
            }
            Ok(())
        });
    }
    attr
}
