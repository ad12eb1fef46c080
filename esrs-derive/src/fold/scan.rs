//! The items in the text of a source file, as far as a fold or a row may follow from them.
//!
//! Only their heads are read, token by token: to parse whole items, each user would build all of syn.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

use super::hash::TokenHash;

/// A name, or what a macro is given in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// The last name of a path.
    Is(String),
    /// The input of a macro.
    Any,
}

impl Name {
    fn new(word: &Ident, is_of_macro: bool) -> Self {
        if is_of_macro { Self::Any } else { Self::Is(word.unraw().to_string()) }
    }

    /// Returns true if it is one of these names, or may be.
    pub(super) fn may_be(&self, is_one: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Self::Is(name) => is_one(name),
            Self::Any => true,
        }
    }
}

/// `impl …::Trait<…::Argument> for …::Target { … }`, or `impl …::Target { … }`.
#[derive(Debug)]
pub(super) struct Impl {
    pub(super) of_trait: Option<Name>,
    pub(super) argument: Option<Name>,
    pub(super) target: Name,
}

/// The kind of an item.
#[derive(Debug)]
pub(super) enum Kind {
    Impl(Impl),
    /// A struct, an enum or a union; whether a lock or a definition knows its fields.
    Type {
        name: String,
        is_known: bool,
    },
    /// A function, a constant, a trait, a macro and the like.
    Named(String),
    /// A macro that is called in the place of an item.
    Called,
}

/// An item.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// The braces around it, from the outermost: two modules of a file may have one name each.
    pub(super) scope: Vec<usize>,
    /// Of its tokens.
    pub(super) hash: u64,
    /// Every word in it, but for its attributes.
    pub(super) words: HashSet<String>,
}

impl Item {
    fn new(kind: Kind, scope: &[usize], attributes: &[TokenStream], tokens: &[TokenTree]) -> Self {
        let mut hash = TokenHash::new();
        for attribute in attributes {
            hash.write_tokens(attribute.clone());
        }
        hash.write_tokens(tokens.iter().cloned());
        let mut words = HashSet::new();
        add_words(tokens.iter().cloned(), &mut words);
        Self { kind, scope: scope.to_vec(), hash: hash.finish(), words }
    }
}

/// Adds the words of tokens, without those in attributes, documentation among them.
fn add_words(tokens: impl IntoIterator<Item = TokenTree>, words: &mut HashSet<String>) {
    let mut is_after_hash = false;
    for token in tokens {
        let is_hash = is(&token, '#');
        match token {
            TokenTree::Group(group) => {
                if !(is_after_hash && group.delimiter() == Delimiter::Bracket) {
                    add_words(group.stream(), words);
                }
            }
            TokenTree::Ident(word) => {
                words.insert(word.unraw().to_string());
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        is_after_hash = is_hash;
    }
}

/// Finds, among the types of one name in a source file, the one whose name stands in this line, counted
/// from 1.
pub(super) fn place_of_type(text: &str, name: &str, line: usize) -> usize {
    let is_type = |words: &[&str]| matches!(words, ["struct" | "enum" | "union", named] if named.trim_start_matches("r#") == name);
    let before = text.lines().take(line.saturating_sub(1)).filter(|line| {
        let code = line.split("//").next().unwrap_or_default();
        let words: Vec<_> = code
            .split(|mark: char| !mark.is_alphanumeric() && mark != '_' && mark != '#')
            .filter(|word| !word.is_empty())
            .collect();
        words.windows(2).any(is_type)
    });
    before.count()
}

/// The items in a source file, at any depth, with or without those of tests; none when it cannot be
/// read as tokens.
pub(super) fn items(text: &str, with_tests: bool) -> Vec<Item> {
    let mut scan = Scan { with_tests, scope: Vec::new(), scopes: 0, found: Vec::new() };
    if let Ok(tokens) = without_shebang(text).parse() {
        scan.collect(tokens, false);
    }
    scan.found
}

struct Scan {
    with_tests: bool,
    scope: Vec<usize>,
    /// The number of braces opened so far.
    scopes: usize,
    found: Vec<Item>,
}

/// A first line that is for the shell is no Rust.
fn without_shebang(text: &str) -> &str {
    let is_shebang = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
    if is_shebang { text.find('\n').map_or("", |end| &text[end..]) } else { text }
}

impl Scan {
    fn within(&mut self, group: &Group, is_within_item: bool) {
        let is_scope = group.delimiter() == Delimiter::Brace;
        if is_scope {
            self.scopes += 1;
            self.scope.push(self.scopes);
        }
        self.collect(group.stream(), is_within_item);
        if is_scope {
            self.scope.pop();
        }
    }

    /// Collects the items among these tokens; within an item, those are only impls and types.
    fn collect(&mut self, tokens: TokenStream, is_within_item: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut attributes: Vec<TokenStream> = Vec::new();
        let mut place = 0;
        while let Some(token) = tokens.get(place) {
            if let Some(attribute) = attribute(&tokens[place..]) {
                attributes.push(attribute);
                place += 2;
                continue;
            }
            if !self.with_tests && attributes.iter().any(is_of_tests) {
                place += length(&tokens[place..]);
                attributes.clear();
                continue;
            }
            let rest = &tokens[place..];
            let read = match token {
                TokenTree::Ident(word) if word == "impl" => {
                    read_impl(rest).map(|(read, length)| (Kind::Impl(read), length))
                }
                TokenTree::Ident(_) => read_named(rest, &attributes)
                    .filter(|(kind, _)| !is_within_item || matches!(kind, Kind::Type { .. })),
                _ => None,
            };
            match read {
                Some((kind, length)) => {
                    let is_called = matches!(kind, Kind::Called);
                    let of_type =
                        if let Kind::Type { .. } = kind { telling(&attributes) } else { vec![] };
                    self.found.push(Item::new(kind, &self.scope, &of_type, &rest[..length]));
                    for token in &rest[..length] {
                        if let TokenTree::Group(group) = token {
                            self.within(group, !is_called);
                        }
                    }
                    place += length;
                    attributes.clear();
                }
                None => {
                    if let TokenTree::Group(group) = token {
                        self.within(group, is_within_item);
                    }
                    // `pub(crate)`, `unsafe` and the like stand between an attribute and its item.
                    if matches!(token, TokenTree::Punct(_)) {
                        attributes.clear();
                    }
                    place += 1;
                }
            }
        }
    }
}

/// The attribute that begins with these tokens.
fn attribute(tokens: &[TokenTree]) -> Option<TokenStream> {
    match tokens {
        [hash, TokenTree::Group(group), ..]
            if is(hash, '#') && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group.stream())
        }
        _ => None,
    }
}

fn begins_with(attribute: &TokenStream, words: &[&str]) -> bool {
    match attribute.clone().into_iter().next() {
        Some(TokenTree::Ident(word)) => words.iter().any(|one| word == one),
        _ => false,
    }
}

/// Returns true for `#[cfg(test)]` and `#[test]`.
fn is_of_tests(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text == "cfg(test)" || text == "test"
}

/// The attributes of a type that say what its values are.
fn telling(attributes: &[TokenStream]) -> Vec<TokenStream> {
    let is_telling = |one: &&TokenStream| !begins_with(one, &["doc", "derive", "allow", "expect"]);
    attributes.iter().filter(is_telling).cloned().collect()
}

/// Returns the number of tokens of the item that begins with these: up to its body, or to a semicolon.
fn length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is(token, ';'),
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |end| end + 1)
}

/// The item, other than an impl, that begins with these tokens, and its length.
fn read_named(tokens: &[TokenTree], attributes: &[TokenStream]) -> Option<(Kind, usize)> {
    let TokenTree::Ident(word) = &tokens[0] else { return None };
    let word = word.to_string();
    if let [_, mark, rest @ ..] = tokens
        && is(mark, '!')
    {
        return match rest {
            [TokenTree::Ident(name), ..] if word == "macro_rules" => {
                Some((Kind::Named(name.unraw().to_string()), length(tokens)))
            }
            [TokenTree::Group(_), ..] => Some((Kind::Called, 3)),
            _ => None,
        };
    }
    let name = match &tokens.get(1)? {
        TokenTree::Ident(name) => name.unraw().to_string(),
        _ => return None,
    };
    match word.as_str() {
        "struct" | "enum" | "union" => {
            let is_known = attributes
                .iter()
                .any(|one| begins_with(one, &["event", "aggregate", "projection"]));
            Some((Kind::Type { name, is_known }, length(tokens)))
        }
        "fn" | "trait" => Some((Kind::Named(name), length(tokens))),
        // Up to the semicolon: a value may have braces in it.
        "const" | "static" if !tokens.get(2).is_some_and(|token| is(token, ':')) => None,
        "const" | "static" | "type" => {
            let end = tokens.iter().position(|token| is(token, ';'))?;
            Some((Kind::Named(name), end + 1))
        }
        _ => None,
    }
}

/// The impl that begins with these tokens, and its length.
fn read_impl(tokens: &[TokenTree]) -> Option<(Impl, usize)> {
    let mut head = Head::default();
    for (place, token) in tokens.iter().enumerate().skip(1) {
        let before = &tokens[place - 1];
        match token {
            TokenTree::Group(group) => {
                if head.depth == 0 && group.delimiter() == Delimiter::Brace {
                    return Some((head.finish()?, place + 1));
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
    /// The number of open `<`.
    depth: usize,
    part: Part,
    of_trait: Option<Name>,
    argument: Option<Name>,
    target: Option<Name>,
}

/// A part that is read of it.
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
            (self.of_trait, self.argument) = (Some(Name::new(word, is_of_macro)), None);
        } else if self.part == Part::Trait && self.depth == 1 {
            self.argument = Some(Name::new(word, is_of_macro));
        } else if self.part == Part::Target && self.depth == 0 {
            self.target = Some(Name::new(word, is_of_macro));
        }
    }

    fn finish(self) -> Option<Impl> {
        let Self { of_trait, argument, target, .. } = self;
        let first = of_trait?;
        Some(match target {
            Some(target) => Impl { of_trait: Some(first), argument, target },
            None => Impl { of_trait: None, argument, target: first },
        })
    }
}
