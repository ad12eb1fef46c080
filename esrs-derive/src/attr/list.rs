//! Lists of words that go on after a mistake, so that every mistake in them is reported at once.

use std::cmp::Reverse;

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Token, token};

use crate::errors::Errors;

/// Parses items divided by commas; after a mistake it goes on behind the next comma.
pub(crate) fn parse_list(
    input: ParseStream,
    errors: &Errors,
    mut item: impl FnMut(ParseStream) -> syn::Result<()>,
) -> syn::Result<()> {
    while !input.is_empty() {
        let read = item(input).and_then(|()| match input.is_empty() || input.peek(Token![,]) {
            true => Ok(()),
            false => Err(input.error("expected `,` between two items")),
        });
        if let Err(error) = read {
            errors.push(error);
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<proc_macro2::TokenTree>()?;
            }
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// Parses `(…)` after a word, item by item.
pub(crate) fn parse_parenthesized(
    input: ParseStream,
    word: &Ident,
    errors: &Errors,
    item: impl FnMut(ParseStream) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new_spanned(word, format!("write `{word}(…)`")));
    }
    let content;
    syn::parenthesized!(content in input);
    parse_list(&content, errors, item)
}

/// Returns true if the item is a single word, such as a name that lacks its quotes.
pub(crate) fn is_bare_word(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok() && (ahead.is_empty() || ahead.peek(Token![,]))
}

/// Parses the value after `word =`.
pub(crate) fn parse_value<T: syn::parse::Parse>(
    input: ParseStream,
    word: &Ident,
    example: &str,
) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(word, format!("write `{word} = {example}`")));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() {
        return Err(syn::Error::new_spanned(word, format!("write `{word} = {example}`")));
    }
    let span = input.span();
    input.parse().map_err(|error| {
        let detail = error.to_string();
        // All that a type may begin with says nothing.
        let detail = match detail.contains("one of") {
            true => String::new(),
            false => format!(": {detail}"),
        };
        syn::Error::new(span, format!("write `{word} = {example}`{detail}"))
    })
}

/// The words that one attribute knows, and which of them it has met.
pub(crate) struct Words {
    known: &'static [&'static str],
    met: Vec<String>,
}

impl Words {
    pub(crate) fn new(known: &'static [&'static str]) -> Self {
        Self { known, met: Vec::new() }
    }

    /// Parses a word, which must be known. A mistyped one is reported and taken for what was probably
    /// meant, so that nothing is reported for the lack of that.
    pub(crate) fn parse(&self, input: ParseStream, errors: &Errors) -> syn::Result<Ident> {
        let known = listed(self.known);
        let word = input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), format!("expected {known}")))?;
        let written = word.to_string();
        if self.known.contains(&written.as_str()) {
            return Ok(word);
        }
        let (message, meant) = unknown(&written, self.known);
        let Some(meant) = meant else { return Err(syn::Error::new_spanned(word, message)) };
        let meant = Ident::new(meant, word.span());
        errors.on(word, message);
        Ok(meant)
    }

    /// Parses a word that may stand only once.
    pub(crate) fn parse_once(&mut self, input: ParseStream, errors: &Errors) -> syn::Result<Ident> {
        let word = self.parse(input, errors)?;
        self.once(&word, errors);
        Ok(word)
    }

    /// Reports a word that was met before.
    pub(crate) fn once(&mut self, word: &Ident, errors: &Errors) {
        let written = word.to_string();
        if self.met.contains(&written) {
            errors.on(word, format!("`{written}` is given twice; remove one"));
        }
        self.met.push(written);
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Words the message for an unknown word, with the known one that was probably meant.
pub(crate) fn unknown<'a>(written: &str, known: &[&'a str]) -> (String, Option<&'a str>) {
    match nearest(written, known) {
        Some(nearest) => {
            (format!("there is no `{written}` here; did you mean `{nearest}`?"), Some(nearest))
        }
        None => (format!("there is no `{written}` here; there is {}", listed(known)), None),
    }
}

/// The known word that was probably meant: the nearest one, and of several the one that begins like
/// it for longest.
fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let alike = |word: &str| written.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    let near = known.iter().map(|word| (distance(written, word), Reverse(alike(word)), *word));
    let (distance, _, word) = near.min()?;
    (distance <= 2 && distance < written.len()).then_some(word)
}

/// Returns the number of letters that have to be changed, added or dropped.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_told_from_a_foreign_one() {
        let known = ["events", "retired", "id", "crate", "creates"];
        assert_eq!(nearest("event", &known), Some("events"));
        assert_eq!(nearest("retried", &known), Some("retired"));
        assert_eq!(nearest("create", &known), Some("creates"), "it begins alike");
        assert_eq!(nearest("snapshot", &known), None);
        assert_eq!(nearest("x", &known), None, "one letter resembles every short word");
    }

    #[test]
    fn the_list_goes_on_after_a_mistake() {
        use syn::parse::Parser;

        let errors = Errors::new();
        let mut words = Vec::new();
        let parse = |input: ParseStream| {
            parse_list(input, &errors, |input| {
                words.push(input.call(Ident::parse_any)?.to_string());
                Ok(())
            })
        };
        parse.parse_str("one, 2 (3, 4), three four, five").unwrap();
        assert_eq!(words, ["one", "three", "five"]);
        let found = errors.finish().unwrap().to_string();
        assert_eq!(found.matches("compile_error").count(), 2, "{found}");
    }
}
