//! The head of a value, as a line has it: `[map<string, u8?>; 3]`.

use super::{Tag, Tree};
use crate::outline::unquote;

/// The most values within each other; serde_json reads no more of them.
const MAX_DEPTH: usize = 128;

/// The parts of a value, which other lines tell, found by the path that leads to them.
pub(super) trait Parts {
    /// Why they cannot be read.
    type Error;

    /// The places of the tuple at this path.
    fn items(&mut self, path: &str) -> Result<Vec<Tree>, Self::Error>;

    /// The fields of the object at this path.
    fn fields(&mut self, path: &str) -> Result<Vec<super::Field>, Self::Error>;

    /// The variants of the enum at this path.
    fn variants(&mut self, path: &str) -> Result<Vec<super::Variant>, Self::Error>;

    /// The number of values around the one that is read.
    fn depth(&mut self) -> &mut usize;

    /// The error of a read.
    fn malformed(&self) -> Self::Error;
}

/// Reads what stands behind the path of a line, and the parts of it.
pub(super) fn read<P: Parts>(head: &str, path: &str, parts: &mut P) -> Result<Tree, P::Error> {
    let mut reader = Reader { rest: head, parts };
    let tree = reader.value(path)?;
    match reader.rest.is_empty() {
        true => Ok(tree),
        false => Err(reader.parts.malformed()),
    }
}

struct Reader<'a, P> {
    rest: &'a str,
    parts: &'a mut P,
}

impl<P: Parts> Reader<'_, P> {
    fn value(&mut self, path: &str) -> Result<Tree, P::Error> {
        *self.parts.depth() += 1;
        if *self.parts.depth() > MAX_DEPTH {
            return Err(self.parts.malformed());
        }
        let (mut tree, mut nulls) = (self.without_null(path)?, 0);
        while nulls < MAX_DEPTH && self.take("?") {
            (tree, nulls) = (Tree::Option(Box::new(tree)), nulls + 1);
        }
        *self.parts.depth() -= 1;
        Ok(tree)
    }

    fn without_null(&mut self, path: &str) -> Result<Tree, P::Error> {
        if self.take("[") {
            let item = Box::new(self.value(&format!("{path}[]"))?);
            let length = match self.take("; ") {
                true => Some(self.number()?),
                false => None,
            };
            self.expect("]")?;
            return Ok(match length {
                Some(length) => Tree::Array { item, length },
                None => Tree::Sequence(item),
            });
        }
        if self.take("set<") {
            let item = Box::new(self.value(&format!("{path}[]"))?);
            self.expect(">")?;
            return Ok(Tree::Set(item));
        }
        if self.take("nonzero ") {
            return match number(self.word()) {
                Some(Tree::Integer { signed, bits }) => Ok(Tree::NonZero { signed, bits }),
                _ => Err(self.parts.malformed()),
            };
        }
        if self.take("map<") {
            let key = Box::new(self.value(&format!("{path}<>"))?);
            self.expect(", ")?;
            let value = Box::new(self.value(&format!("{path}{{}}"))?);
            self.expect(">")?;
            return Ok(Tree::Map { key, value });
        }
        if self.take("opaque ") {
            return self.opaque();
        }
        let closed = self.take("closed ");
        match self.word() {
            "struct" => Ok(Tree::Struct { fields: self.parts.fields(path)?, closed }),
            "enum" => {
                let tag = self.tag()?;
                Ok(Tree::Enum { tag, variants: self.parts.variants(path)?, closed })
            }
            _ if closed => Err(self.parts.malformed()),
            "tuple" => Ok(Tree::Tuple(self.parts.items(path)?)),
            "null" => Ok(Tree::Null),
            "bool" => Ok(Tree::Bool),
            "char" => Ok(Tree::Char),
            "string" => Ok(Tree::String),
            "any" => Ok(Tree::Any),
            "" | "map" | "set" | "nonzero" | "opaque" | "places" | "fields" => {
                Err(self.parts.malformed())
            }
            word => Ok(number(word).unwrap_or_else(|| Tree::Format(word.to_owned()))),
        }
    }

    /// A name such as `geo_point@1`, in which anything but blanks may stand before the `@`; or one of
    /// esrs's own, such as `time::Date`.
    fn opaque(&mut self) -> Result<Tree, P::Error> {
        let token = self.rest.split(char::is_whitespace).next().unwrap_or_default();
        let end = match token.split_once('@') {
            Some((name, number)) => {
                name.len() + 1 + number.bytes().take_while(u8::is_ascii_digit).count()
            }
            None => token.find(|c| !is_of_word(c)).unwrap_or(token.len()),
        };
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(self.parts.malformed());
        }
        self.rest = rest;
        Ok(Tree::Opaque(name.to_owned()))
    }

    /// `(tag kind, content body)`
    fn tag(&mut self) -> Result<Tag, P::Error> {
        if !self.take("(tag ") {
            return Ok(Tag::External);
        }
        let tag = self.name()?;
        if self.take(")") {
            return Ok(Tag::Internal { tag });
        }
        self.expect(", content ")?;
        let content = self.name()?;
        self.expect(")")?;
        Ok(Tag::Adjacent { tag, content })
    }

    fn name(&mut self) -> Result<String, P::Error> {
        let (name, rest) = unquote(self.rest, ",)").ok_or_else(|| self.parts.malformed())?;
        self.rest = rest;
        Ok(name)
    }

    fn number(&mut self) -> Result<usize, P::Error> {
        self.word().parse().map_err(|_| self.parts.malformed())
    }

    fn word(&mut self) -> &str {
        let end = self.rest.find(|c| !is_of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Result<(), P::Error> {
        match self.take(text) {
            true => Ok(()),
            false => Err(self.parts.malformed()),
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '/')
}

fn number(word: &str) -> Option<Tree> {
    let (kind, bits) = word.split_at_checked(1)?;
    let bits = bits.parse().ok()?;
    match kind {
        "i" => Some(Tree::Integer { signed: true, bits }),
        "u" => Some(Tree::Integer { signed: false, bits }),
        "f" => Some(Tree::Float { bits }),
        _ => None,
    }
}
