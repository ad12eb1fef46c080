//! The part of serde's attributes that decides what the JSON looks like.
//!
//! What serde itself refuses is left to serde, which says it better; so is a word that serde does
//! not know.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitStr, Meta, Token};

use super::list::parse_list;
use crate::errors::Errors;

/// A value for writing and a value for reading.
pub(crate) struct Ways<T> {
    pub(crate) write: Option<T>,
    pub(crate) read: Option<T>,
}

// Not derived: that would ask for `T: Default`.
impl<T> Default for Ways<T> {
    fn default() -> Self {
        Self { write: None, read: None }
    }
}

/// `rename`, `alias` and the attribute that has them.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) rename: Ways<LitStr>,
    /// Further names it is read by.
    pub(crate) aliases: Vec<LitStr>,
}

#[derive(Default)]
pub(crate) struct Container {
    pub(crate) names: Names,
    pub(crate) rename_all: Ways<Case>,
    pub(crate) rename_all_fields: Ways<Case>,
    pub(crate) tag: Option<LitStr>,
    pub(crate) content: Option<LitStr>,
    pub(crate) transparent: bool,
    pub(crate) default: bool,
    pub(crate) closed: Option<Ident>,
    /// `from`, `try_from` and `into`, with the type each names.
    pub(crate) conversions: Vec<(Ident, LitStr)>,
    /// Words whose JSON no shape can tell.
    pub(crate) untold: Vec<Ident>,
}

/// The attributes of a variant or a field.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) names: Names,
    pub(crate) rename_all: Ways<Case>,
    pub(crate) default: bool,
    pub(crate) other: bool,
    pub(crate) skip: bool,
    pub(crate) skip_serializing: Option<Ident>,
    pub(crate) skip_deserializing: Option<Ident>,
    pub(crate) skip_serializing_if: Option<Ident>,
    pub(crate) flatten: bool,
    /// Words whose JSON no shape can tell.
    pub(crate) untold: Vec<Ident>,
}

impl Part {
    /// Returns true if it is left out both ways.
    pub(crate) fn is_skipped(&self) -> bool {
        self.skip || (self.skip_serializing.is_some() && self.skip_deserializing.is_some())
    }

    /// Returns true if serde asks a function of the user's how to read it.
    pub(crate) fn reads_by_function(&self) -> bool {
        self.untold.iter().any(|word| word == "with" || word == "deserialize_with")
    }
}

pub(crate) fn container(attrs: &[Attribute]) -> Container {
    let mut container = Container::default();
    each(attrs, |word, input| {
        match word.to_string().as_str() {
            "rename" => names(&mut container.names, input)?,
            "rename_all" => container.rename_all = cases(input)?,
            "rename_all_fields" => container.rename_all_fields = cases(input)?,
            "tag" => container.tag = Some(string(input)?),
            "content" => container.content = Some(string(input)?),
            "transparent" => container.transparent = true,
            "default" => container.default = true,
            "deny_unknown_fields" => container.closed = Some(word),
            "from" | "try_from" | "into" => {
                let ty = string(input)?;
                container.conversions.push((word, ty));
            }
            "untagged" | "remote" | "field_identifier" | "variant_identifier" => {
                container.untold.push(word);
            }
            _ => {}
        }
        Ok(())
    });
    container
}

pub(crate) fn part(attrs: &[Attribute]) -> Part {
    let mut part = Part::default();
    each(attrs, |word, input| {
        match word.to_string().as_str() {
            "rename" => names(&mut part.names, input)?,
            "alias" => part.names.aliases.push(string(input)?),
            "rename_all" => part.rename_all = cases(input)?,
            "default" => part.default = true,
            "other" => part.other = true,
            "skip" => part.skip = true,
            "skip_serializing" => part.skip_serializing = Some(word),
            "skip_deserializing" => part.skip_deserializing = Some(word),
            "skip_serializing_if" => part.skip_serializing_if = Some(word),
            "flatten" => {
                part.flatten = true;
                part.untold.push(word);
            }
            "with" | "serialize_with" | "deserialize_with" | "untagged" | "getter" => {
                part.untold.push(word);
            }
            _ => {}
        }
        Ok(())
    });
    part
}

/// Reads the words of every `#[serde(…)]`; values that are not asked for are skipped.
fn each(attrs: &[Attribute], mut item: impl FnMut(Ident, ParseStream) -> syn::Result<()>) {
    // What cannot be read is an error of serde's own derive, on the same token.
    let unheard = Errors::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let Meta::List(list) = &attr.meta else { continue };
        let items = |input: ParseStream| {
            parse_list(input, &unheard, |input| {
                let word = input.call(Ident::parse_any)?;
                item(word, input)?;
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
                Ok(())
            })
        };
        unheard.ok(items.parse2(list.tokens.clone()));
    }
    drop(unheard.finish());
}

/// One word of an attribute, with what it says: `rename = "name"`.
#[derive(Clone)]
pub(crate) struct Word {
    pub(crate) name: String,
    pub(crate) tokens: TokenStream,
}

/// All that serde's attributes say, word by word.
pub(crate) fn words(attrs: &[Attribute]) -> Vec<Word> {
    let attrs = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    let lists = attrs.filter_map(|attr| match &attr.meta {
        Meta::List(list) => Some(list.tokens.clone()),
        _ => None,
    });
    lists.flat_map(words_of).collect()
}

/// Parses what stands between the parentheses, word by word.
pub(crate) fn words_of(tokens: TokenStream) -> Vec<Word> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let words = tokens.split(is_comma).filter(|word| !word.is_empty());
    words
        .map(|word| Word { name: word[0].to_string(), tokens: word.iter().cloned().collect() })
        .collect()
}

fn string(input: ParseStream) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `= "name"`, or `(serialize = "name", deserialize = "name")`, where reading may have several.
fn ways(input: ParseStream) -> syn::Result<(Option<LitStr>, Vec<LitStr>)> {
    if input.peek(Token![=]) {
        let name = string(input)?;
        return Ok((Some(name.clone()), vec![name]));
    }
    let content;
    syn::parenthesized!(content in input);
    let (mut write, mut read) = (None, Vec::new());
    while !content.is_empty() {
        let word: Ident = content.parse()?;
        let name = string(&content)?;
        match word == "serialize" {
            true => write = Some(name),
            false => read.push(name),
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok((write, read))
}

fn names(names: &mut Names, input: ParseStream) -> syn::Result<()> {
    let (write, read) = ways(input)?;
    names.rename.write = write.or(names.rename.write.take());
    let mut read = read.into_iter();
    if names.rename.read.is_none() {
        names.rename.read = read.next();
    }
    names.aliases.extend(read);
    Ok(())
}

fn cases(input: ParseStream) -> syn::Result<Ways<Case>> {
    let (write, read) = ways(input)?;
    let case = |name: LitStr| Case::of(&name.value());
    Ok(Ways { write: write.and_then(case), read: read.into_iter().next().and_then(case) })
}

/// The case in which `rename_all` writes a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// The name of a field, which Rust writes in snake case.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => {
                let parts = name.split('_');
                parts.map(|part| first_letter(part, |c| c.to_ascii_uppercase())).collect()
            }
            Self::Camel => first_letter(&Self::Pascal.field(name), |c| c.to_ascii_lowercase()),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The name of a variant, which Rust writes in Pascal case.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Pascal => name.to_owned(),
            Self::Camel => first_letter(name, |c| c.to_ascii_lowercase()),
            Self::Snake => {
                let mut snake = String::new();
                for c in name.chars() {
                    if c.is_uppercase() && !snake.is_empty() {
                        snake.push('_');
                    }
                    snake.push(c.to_ascii_lowercase());
                }
                snake
            }
            Self::ScreamingSnake => Self::Snake.variant(name).to_ascii_uppercase(),
            Self::Kebab => Self::Snake.variant(name).replace('_', "-"),
            Self::ScreamingKebab => Self::ScreamingSnake.variant(name).replace('_', "-"),
        }
    }
}

fn first_letter(word: &str, change: fn(&char) -> char) -> String {
    let mut chars = word.chars();
    let first = chars.next();
    first.iter().map(change).chain(chars).collect()
}
