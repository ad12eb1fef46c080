//! A hash of tokens that no release of Rust changes: FNV-1a, which the fingerprints of shapes take too.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0
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

/// Whether this is what follows `#` in `#[doc …]`, which a doc comment is read as.
fn is_documentation(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    group.delimiter() == Delimiter::Bracket && begins_with_doc(group.stream())
}

fn begins_with_doc(tokens: TokenStream) -> bool {
    matches!(tokens.into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}
