//! The file that a path in another file leads to, as far as imports, modules and the names of files tell.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The imports and the modules of a file.
#[derive(Debug, Default)]
struct Items {
    /// Each as a path, which may end with `*`.
    imports: Vec<Vec<String>>,
    modules: Vec<String>,
}

/// Returns true if a path in the file `from`, whose text is `source`, leads to the file `to` or to one below
/// it that it is exported from.
pub(super) fn leads_to(source: &str, from: &Path, path: &[String], to: &Path) -> bool {
    let Ok(tokens) = source.parse::<TokenStream>() else { return false };
    let (from, to) = (modules_of(from), modules_of(to));
    items_of(tokens).expand(path).iter().any(|path| is_within(path, &from, &to))
}

impl Items {
    /// The paths from the crate or from a module near the file that a path may stand for.
    fn expand(&self, path: &[String]) -> Vec<Vec<String>> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        if is_keyword(first) && !rest.is_empty() {
            return vec![path.to_vec()];
        }
        let imported = self.imports.iter().filter_map(|import| {
            let (last, parents) = import.split_last()?;
            match (last.as_str(), parents.last()) {
                ("*", _) => Some([parents, path].concat()),
                ("self", Some(own)) if own == first => Some([parents, rest].concat()),
                _ if last == first => Some([import, rest].concat()),
                _ => None,
            }
        });
        let declared = self.modules.contains(first).then(|| path.to_vec());
        // A path that begins with neither is one of another crate.
        let imported = imported.filter(|path| {
            path.first().is_some_and(|first| is_keyword(first) || self.modules.contains(first))
        });
        imported.chain(declared).collect()
    }
}

fn is_keyword(segment: &str) -> bool {
    matches!(segment, "crate" | "self" | "super")
}

/// Returns true if the modules of a path lead to `to`, from a module that `from` is in.
fn is_within(path: &[String], from: &[String], to: &[String]) -> bool {
    let modules: Vec<_> = path.iter().skip_while(|segment| is_keyword(segment)).collect();
    let Some((_, modules)) = modules.split_last() else { return false };
    if modules.is_empty() {
        return from.len() > to.len() && from.starts_with(to);
    }
    to.windows(modules.len()).enumerate().any(|(root, below)| {
        from.starts_with(&to[..root]) && below.iter().zip(modules).all(|(one, other)| one == *other)
    })
}

/// The folders and the module of a file.
fn modules_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let mut parts: Vec<_> =
        parts.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.pop_if(|last| matches!(last.as_str(), "lib" | "main" | "mod"));
    parts
}

fn items_of(tokens: TokenStream) -> Items {
    let (mut items, mut tokens) = (Items::default(), tokens.into_iter());
    while let Some(token) = tokens.next() {
        let TokenTree::Ident(ident) = token else { continue };
        if ident == "mod"
            && let Some(TokenTree::Ident(name)) = tokens.next()
        {
            items.modules.push(name.to_string());
        } else if ident == "use" {
            let is_end =
                |token: &TokenTree| matches!(token, TokenTree::Punct(end) if end.as_char() == ';');
            let tree = tokens.by_ref().take_while(|token| !is_end(token)).collect();
            add_imports(tree, &[], &mut items.imports);
        }
    }
    items
}

/// Adds what a tree of a `use` imports under its own name.
fn add_imports(tree: Vec<TokenTree>, above: &[String], imports: &mut Vec<Vec<String>>) {
    let mut path = above.to_vec();
    for token in tree {
        match token {
            TokenTree::Ident(ident) if ident == "as" => return,
            TokenTree::Ident(ident) => path.push(ident.to_string()),
            TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".to_owned()),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(one) if one.as_char() == ',');
                for one in inner.split(is_comma).filter(|one| !one.is_empty()) {
                    add_imports(one.to_vec(), &path, imports);
                }
                return;
            }
            _ => {}
        }
    }
    imports.push(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 6] =
        ["src/lib.rs", "src/a.rs", "src/a/deep.rs", "src/b/mod.rs", "src/b/deep.rs", "tests/b.rs"];

    /// The files that a path in one of them leads to.
    fn found(source: &str, from: &str, path: &str) -> Vec<&'static str> {
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        let leads = |to: &&str| leads_to(source, Path::new(from), &path, Path::new(to));
        FILES.into_iter().filter(leads).collect()
    }

    #[test]
    fn path_leads_to_the_file_of_its_module_and_those_below() {
        assert_eq!(found("", "src/a.rs", "crate::b::It"), ["src/b/mod.rs", "src/b/deep.rs"]);
        assert_eq!(found("", "src/a.rs", "crate::b::deep::It"), ["src/b/deep.rs"]);
        assert_eq!(found("", "src/a/deep.rs", "super::It"), ["src/lib.rs", "src/a.rs"]);
        assert_eq!(found("", "src/a.rs", "crate::It"), ["src/lib.rs"]);
        assert_eq!(found("pub mod deep;", "src/a.rs", "deep::It"), ["src/a/deep.rs"]);
        for foreign in ["b::It", "other::b::It", "It"] {
            assert!(found("", "src/a.rs", foreign).is_empty(), "{foreign}");
        }
    }

    #[test]
    fn name_leads_to_where_it_is_imported_from() {
        for imported in [
            "use crate::b::deep::It;",
            "use {std::fmt, crate::b::{deep::{Other, It}}};",
            "use super::b::deep::*;",
            "pub(crate) use crate::b::deep::It;",
        ] {
            assert_eq!(found(imported, "src/a.rs", "It"), ["src/b/deep.rs"], "{imported}");
        }
        assert_eq!(found("use crate::b::deep;", "src/a.rs", "deep::It"), ["src/b/deep.rs"]);
        assert_eq!(found("use crate::b::deep::{self};", "src/a.rs", "deep::It"), ["src/b/deep.rs"]);
        for other in [
            "use crate::b::deep::It as Other;",
            "use other::b::deep::It;",
            "use crate::b::deep::Other;",
            "mod inner { use crate::b::deep::It; }",
            "not Rust }",
        ] {
            assert!(found(other, "src/a.rs", "It").is_empty(), "{other}");
        }
    }
}
