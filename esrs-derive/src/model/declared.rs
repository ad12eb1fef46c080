//! Declarations by attributes on a part besides its shape, as text: the steps that it went through, and the
//! code by which serde reads it.
//!
//! A lock holds the text, so it is the same for the same attributes, whatever their spaces and order.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, GenericArgument, Lit, Meta, PathArguments, Type};

use crate::attr::history::{Change, Conversion, What};
use crate::attr::serde::Word;
use crate::model::schema::last_segment;

/// The words of serde that say by which code a part is read or written; `default` comes first.
const CODE: &[&str] = &["default", "with", "serialize_with", "deserialize_with", "getter"];

/// The words that say so of a container; its `default` is that of each field.
const CONTAINER_CODE: &[&str] = &["from", "try_from", "into", "remote"];

/// The declarations on a part: its value when it is absent; its own words of serde; its type, where that
/// `is_opaque`; and the steps.
pub(crate) fn of_part<'c>(
    serde: &[Word],
    container_default: Option<&Word>,
    (ty, is_opaque): (Option<&Type>, bool),
    steps: impl Iterator<Item = &'c Change>,
) -> String {
    let is_code = |word: &&Word| CODE.contains(&word.name.as_str()) && word.name != "default";
    let default = absent(serde, container_default, ty, is_opaque);
    let words = serde.iter().filter(is_code).map(|word| text(word.tokens.clone()));
    let ty = ty.filter(|_| is_opaque);
    let ty = ty.map(|ty| format!("of type {}", text(ty.to_token_stream())));
    let all: Vec<_> = default.into_iter().chain(words).chain(ty).chain(steps.map(step)).collect();
    all.join(", ")
}

/// The value of an absent part, if an attribute or an opaque type tells it. Without an attribute, the shape
/// does.
fn absent(
    serde: &[Word],
    container_default: Option<&Word>,
    ty: Option<&Type>,
    is_opaque: bool,
) -> Option<String> {
    let known = ty.and_then(value_if_absent);
    let has = |names: &[&str]| serde.iter().any(|word| names.contains(&word.name.as_str()));
    if let Some(own) = serde.iter().find(|word| word.name == "default") {
        let own = text(own.tokens.clone());
        return Some(match known {
            Some(value) if own == "default" => format!("default = {value}"),
            _ => own,
        });
    }
    if let Some(default) = container_default {
        // The same words on a field are about another type.
        return Some(format!("{} of the struct", text(default.tokens.clone())));
    }
    let is_asked = is_opaque && !has(&["with", "deserialize_with", "flatten"]);
    (is_asked && known == Some("None")).then(|| "default = None".to_owned())
}

/// The `Default` of a type which serde reads also as such.
fn value_if_absent(ty: &Type) -> Option<&'static str> {
    let last = last_segment(ty)?;
    if last.ident == "Option" {
        return Some("None");
    }
    if last.ident == "Value" {
        return Some("null");
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let is_pointer = ["Box", "Rc", "Arc"].iter().any(|name| last.ident == name);
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) if is_pointer => value_if_absent(inner),
        _ => None,
    }
}

/// The attribute by which the shape of an older version says what is declared of a part of it.
pub(crate) const WRITTEN: &str = "esrs_declared";

/// Writes the attributes of a part of an older version.
pub(crate) fn written(attrs: &[Attribute]) -> Option<String> {
    let mut written = attrs.iter().filter(|attr| attr.path().is_ident(WRITTEN));
    let Meta::NameValue(said) = &written.next()?.meta else { return None };
    match &said.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// The declarations on a type as a whole.
pub(crate) fn of_container(serde: &[Word]) -> String {
    let is_code = |word: &&Word| CONTAINER_CODE.contains(&word.name.as_str());
    let words: Vec<_> =
        serde.iter().filter(is_code).map(|word| text(word.tokens.clone())).collect();
    words.join(", ")
}

/// Writes what a line says of a part that a later version removed.
pub(crate) fn removed(version: u32) -> String {
    format!("removed(in = {version})")
}

fn step(change: &Change) -> String {
    let number = change.version.number;
    match &change.what {
        What::Added { default: None } => format!("added(in = {number})"),
        What::Added { default: Some(default) } => {
            format!("added(in = {number}, default = {})", text(default.clone()))
        }
        What::Renamed { from } => format!("renamed(from = {:?}, in = {number})", from.value()),
        What::Updated { from } => format!("updated(in = {number}, from = {})", from.number),
        What::Retyped { from, with, had } => {
            let Conversion { function, tried } = with;
            let word = if tried.is_some() { "try_with" } else { "with" };
            let mut said = format!(
                "retyped(from = {}, in = {number}, {word} = {}",
                text(from.to_token_stream()),
                text(function.clone())
            );
            if let Some(serde) = &had.serde {
                said += &format!(", serde({})", text(serde.clone()));
            }
            if let Some(opaque) = &had.opaque {
                said += &format!(", opaque = {:?}", opaque.value());
            }
            said + ")"
        }
    }
}

/// Tokens on one line, with the spaces that a person would write.
fn text(tokens: TokenStream) -> String {
    let mut line = Line { text: String::new(), is_glued: true, is_in_pipes: false };
    line.write(tokens);
    line.text
}

struct Line {
    text: String,
    /// True if the next token follows without a space.
    is_glued: bool,
    /// True if the parameters of a closure are being written.
    is_in_pipes: bool,
}

impl Line {
    fn write(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(punct) if punct.as_char() == '|' => self.pipe(),
                TokenTree::Punct(punct) => {
                    let mark = punct.as_char();
                    let closes = matches!(mark, ',' | ';' | ':' | '.' | '?' | '<' | '>');
                    let is_arrow = mark == '>' && self.text.ends_with(['-', '=']);
                    self.push(&mark.to_string(), self.is_glued || (closes && !is_arrow));
                    let opens = matches!(mark, '.' | '&' | '!' | '<' | '\'' | '#');
                    self.is_glued =
                        punct.spacing() == Spacing::Joint || opens || self.text.ends_with("::");
                }
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Literal(literal) => self.word(&one_line(&literal.to_string())),
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => return self.write(group.stream()),
        };
        let is_brace = open == "{";
        let is_called =
            self.text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '!'));
        self.push(open, self.is_glued || (!is_brace && is_called));
        self.is_glued = !is_brace;
        self.write(group.stream());
        self.push(close, !is_brace);
        self.is_glued = false;
    }

    fn pipe(&mut self) {
        let opens = self.text.is_empty() || self.text.ends_with(['(', ',', '=', '{', ';', '>']);
        self.push("|", self.is_glued || self.is_in_pipes);
        self.is_glued = opens && !self.is_in_pipes;
        self.is_in_pipes = self.is_glued;
    }

    fn word(&mut self, word: &str) {
        self.push(word, self.is_glued);
        self.is_glued = false;
    }

    fn push(&mut self, token: &str, is_glued: bool) {
        if !is_glued && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }
}

/// A literal may go over several lines, and a lock has one for each part.
fn one_line(literal: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    literal.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(code: &str) -> String {
        text(code.parse().unwrap())
    }

    #[test]
    fn tokens_are_written_as_a_person_would() {
        for code in [
            "|(a, b)| (b, a)",
            "|old: Vec<String>| old.join(\", \")",
            "crate::convert::to_cents",
            "default = \"zero\"",
            "Some(Money::new(5, Currency::Eur))",
            "|old| u32::try_from(old).map_err(|_| TooLarge)",
        ] {
            assert_eq!(written(code), code);
        }
    }

    #[test]
    fn spaces_and_line_breaks_do_not_show() {
        assert_eq!(written("| old |\n    old . len ( )"), written("|old| old.len()"));
        assert_eq!(written("\"a\nb\""), "\"a\\u{a}b\"");
        assert_ne!(written("a b"), written("ab"));
    }
}
