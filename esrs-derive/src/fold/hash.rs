//! A hash of tokens that no release of Rust changes: FNV-1a, which the fingerprints of shapes take too.

use esrs_lock::hash::Fnv1a;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The hash of tokens.
pub(crate) struct TokenHash(Fnv1a);

impl TokenHash {
    pub(crate) fn new() -> Self {
        Self(Fnv1a::new())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0.finish()
    }

    /// Writes tokens, apart from documentation, and from the space between them.
    pub(crate) fn write_tokens(&mut self, tokens: impl IntoIterator<Item = TokenTree>) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.write_token(open);
                    self.write_tokens(group.stream());
                    self.write_token(close);
                }
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    let mark = tokens.next_if(is_exclamation_mark);
                    if tokens.next_if(is_documentation).is_some() {
                        continue;
                    }
                    self.write_token("#");
                    self.write_tokens(mark);
                }
                TokenTree::Punct(punct) => self.write_token(&punct.to_string()),
                TokenTree::Ident(ident) => self.write_token(&ident.to_string()),
                TokenTree::Literal(literal) => self.write_token(&literal.to_string()),
            }
        }
    }

    /// No token has a zero in it, so that no two lists of tokens are written alike.
    fn write_token(&mut self, token: &str) {
        self.write(token.as_bytes());
        self.write(&[0]);
    }
}

fn is_exclamation_mark(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!')
}

/// Returns true if this is what follows `#` in `#[doc …]`, which a doc comment is read as.
fn is_documentation(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    group.delimiter() == Delimiter::Bracket && begins_with_doc(group.stream())
}

fn begins_with_doc(tokens: TokenStream) -> bool {
    matches!(tokens.into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}
