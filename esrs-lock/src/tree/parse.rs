//! The lines of an outline, put together.

use super::head::{self, Parts};
use super::{Content, Field, OutlineError, Tree, Variant};
use crate::outline::{Line, Text, is_variant_step, parse, split, unquote};

impl Tree {
    /// Reads an outline: the lines of one entry of a lock, without their indentation.
    ///
    /// # Errors
    /// [`OutlineError`] when a line is not one of an outline, or is a part of nothing.
    pub fn parse<S: AsRef<str>>(outline: &[S]) -> Result<Self, OutlineError> {
        let (first, rest) = outline.split_first().ok_or(OutlineError::Empty)?;
        let mut reader = Reader { lines: Vec::new(), at: first.as_ref(), depth: 0 };
        for line in rest {
            reader.lines.push(Part::of(line.as_ref())?);
        }
        let tree = head::read(first.as_ref().trim_end(), "", &mut reader)?;
        match reader.lines.iter().find(|part| !part.is_read) {
            Some(stray) => Err(OutlineError::Stray { line: stray.line.to_owned() }),
            None => Ok(tree),
        }
    }
}

/// A line, by what it is a part of.
struct Part<'a> {
    line: &'a str,
    /// The path of what it is a part of, with the way into the items of that.
    of: &'a str,
    is_variant: bool,
    path: &'a str,
    name: String,
    aliases: Vec<String>,
    /// True if it takes every other name.
    other: bool,
    optional: bool,
    required: bool,
    head: &'a str,
    is_read: bool,
}

impl<'a> Part<'a> {
    fn of(line: &'a str) -> Result<Self, OutlineError> {
        let wrong = || OutlineError::Line { line: line.to_owned() };
        let text = |part: Text<'a>| str::from_utf8(part.as_bytes()).map_err(|_| wrong());
        let Line { path, aliases, optional, required, head, .. } =
            parse(line.trim_end().as_bytes());
        let step = split(path);
        let (path, written) = (text(path)?, text(step.name)?);
        // The mark before the name, `.` or `|`, is one byte.
        let of = path.len().checked_sub(written.len() + 1).ok_or_else(wrong)?;
        let (name, rest) = unquote(written, "").ok_or_else(wrong)?;
        if !rest.is_empty() {
            return Err(wrong());
        }
        let (mut names, mut other, mut rest) = (Vec::new(), false, text(aliases)?);
        while let Some(alias) = rest.strip_prefix('/') {
            if let Some(behind) = alias.strip_prefix('*') {
                (other, rest) = (true, behind);
                continue;
            }
            let (alias, behind) = unquote(alias, "/").ok_or_else(wrong)?;
            names.push(alias);
            rest = behind;
        }
        Ok(Self {
            line,
            of: &path[..of],
            is_variant: is_variant_step(step.step),
            path,
            name,
            aliases: names,
            other,
            optional,
            required,
            head: text(head)?,
            is_read: false,
        })
    }
}

struct Reader<'a> {
    lines: Vec<Part<'a>>,
    /// The line that is read.
    at: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next line that is a part of the one at `path`.
    fn next(&mut self, path: &str, is_variant: bool) -> Option<&mut Part<'a>> {
        let is_next = |part: &&mut Part<'_>| {
            !part.is_read && part.is_variant == is_variant && part.of == path
        };
        let part = self.lines.iter_mut().find(is_next)?;
        part.is_read = true;
        self.at = part.line;
        Some(part)
    }
}

impl Parts for Reader<'_> {
    type Error = OutlineError;

    fn items(&mut self, path: &str) -> Result<Vec<Tree>, OutlineError> {
        let mut items = Vec::new();
        while let Some(part) = self.next(path, false) {
            let (is_next, head, path) =
                (part.name == items.len().to_string(), part.head, part.path);
            if !is_next {
                return Err(self.malformed());
            }
            items.push(head::read(head, path, self)?);
        }
        Ok(items)
    }

    fn fields(&mut self, path: &str) -> Result<Vec<Field>, OutlineError> {
        let mut fields = Vec::new();
        while let Some(part) = self.next(path, false) {
            let (name, aliases) = (part.name.clone(), part.aliases.clone());
            let (optional, required) = (part.optional, part.required);
            let (head, path) = (part.head, part.path);
            let tree = head::read(head, path, self)?;
            fields.push(Field { name, aliases, optional, required, tree });
        }
        Ok(fields)
    }

    fn variants(&mut self, path: &str) -> Result<Vec<Variant>, OutlineError> {
        let mut variants = Vec::new();
        while let Some(part) = self.next(path, true) {
            let (name, aliases, other) = (part.name.clone(), part.aliases.clone(), part.other);
            let content = match (part.head, part.path) {
                ("", _) => Content::Unit,
                ("places", path) => Content::Tuple(self.items(path)?),
                ("fields", path) => Content::Struct(self.fields(path)?),
                (head, path) => Content::Newtype(head::read(head, path, self)?),
            };
            variants.push(Variant { name, aliases, other, content });
        }
        Ok(variants)
    }

    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }

    fn malformed(&self) -> OutlineError {
        OutlineError::Line { line: self.at.to_owned() }
    }
}
