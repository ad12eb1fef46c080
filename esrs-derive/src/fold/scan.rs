//! The impls of `Apply`, `Upcast`, `TryUpcast` and `Split`, and those of types themselves, in the text of a source
//! file.
//!
//! Only their heads are read, token by token: to parse whole items, each user would build all of syn.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

use super::hash::Fnv;

/// What an impl implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Implemented {
    Apply,
    Upcast,
    Split,
    /// No trait: functions that an `apply` or an `upcast` may call.
    Itself,
}

/// What an impl is for.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// The last name of its path.
    Named(String),
    /// What a macro is given.
    Any,
}

impl Target {
    fn new(word: &Ident, is_of_macro: bool) -> Self {
        if is_of_macro { Self::Any } else { Self::Named(word.unraw().to_string()) }
    }
}

/// `impl …::Implemented<…::Argument> for …::Target { … }`, or `impl …::Target { … }`.
pub(super) struct Impl {
    pub(super) implemented: Implemented,
    pub(super) argument: Option<String>,
    target: Target,
    /// Of the tokens from `impl` to the closing brace.
    pub(super) hash: u64,
}

impl Impl {
    /// Whether its target is one of these names, or may be.
    pub(super) fn is_for(&self, is_one: impl FnOnce(&str) -> bool) -> bool {
        match &self.target {
            Target::Named(name) => is_one(name),
            Target::Any => true,
        }
    }
}

/// The impls in a source file, at any depth; none when it cannot be read as tokens.
pub(super) fn impls(text: &str) -> Vec<Impl> {
    let mut found = Vec::new();
    if let Ok(tokens) = without_shebang(text).parse() {
        collect(tokens, &mut found);
    }
    found
}

/// A first line that is for the shell is no Rust.
fn without_shebang(text: &str) -> &str {
    let is_shebang = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
    if is_shebang { text.find('\n').map_or("", |end| &text[end..]) } else { text }
}

fn collect(tokens: TokenStream, found: &mut Vec<Impl>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), found),
            TokenTree::Ident(word) if word == "impl" => found.extend(read(&tokens[place..])),
            _ => {}
        }
    }
}

/// Reads an impl that begins with these tokens.
fn read(tokens: &[TokenTree]) -> Option<Impl> {
    let mut head = Head::default();
    for (place, token) in tokens.iter().enumerate().skip(1) {
        let before = &tokens[place - 1];
        match token {
            TokenTree::Group(group) => {
                if head.depth == 0 && group.delimiter() == Delimiter::Brace {
                    return head.finish(&tokens[..=place]);
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '<' => head.depth += 1,
                // The second half of an arrow closes nothing.
                '>' if !is(before, '-') && !is(before, '=') => {
                    head.depth = head.depth.checked_sub(1)?;
                }
                ';' => return None,
                _ => {}
            },
            TokenTree::Ident(word) => {
                let is_for_all = tokens.get(place + 1).is_some_and(|after| is(after, '<'));
                head.word(word, is(before, '$'), is_for_all);
            }
            TokenTree::Literal(_) => {}
        }
    }
    None
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// The head of an impl, as far as it has been read.
#[derive(Default)]
struct Head {
    /// How many `<` are open.
    depth: usize,
    part: Part,
    implemented: Option<Target>,
    argument: Option<String>,
    target: Option<Target>,
}

/// What is read of it.
#[derive(Default, PartialEq, Eq)]
enum Part {
    #[default]
    Trait,
    Target,
    Bounds,
}

impl Head {
    fn word(&mut self, word: &Ident, is_of_macro: bool, is_followed_by_angle: bool) {
        if self.depth == 0 && word == "where" {
            self.part = Part::Bounds;
        } else if self.depth == 0 && word == "for" {
            // `for<'a>` is of a bound.
            if !is_followed_by_angle {
                self.part = Part::Target;
            }
        } else if self.part == Part::Trait && self.depth == 0 {
            (self.implemented, self.argument) = (Some(Target::new(word, is_of_macro)), None);
        } else if self.part == Part::Trait && self.depth == 1 {
            self.argument = Some(word.unraw().to_string());
        } else if self.part == Part::Target && self.depth == 0 {
            self.target = Some(Target::new(word, is_of_macro));
        }
    }

    fn finish(self, tokens: &[TokenTree]) -> Option<Impl> {
        let (implemented, target) = match (self.implemented?, self.target) {
            (target, None) => (Implemented::Itself, target),
            (Target::Named(name), Some(target)) => match name.as_str() {
                "Apply" => (Implemented::Apply, target),
                "Upcast" | "TryUpcast" => (Implemented::Upcast, target),
                "Split" => (Implemented::Split, target),
                _ => return None,
            },
            (Target::Any, Some(_)) => return None,
        };
        let mut hash = Fnv::new();
        hash.write_tokens(tokens.iter().cloned());
        Some(Impl { implemented, argument: self.argument, target, hash: hash.finish() })
    }
}
