//! The changes of a field: `added(in = 2, default = EXPR)`, `renamed(from = "old", in = 2)`, `retyped(from =
//! Old, in = 2, with = function)` or `try_with = function`, `updated(in = 2, from = 1)`, and on the type
//! `removed(name = "old", ty = Old, in = 2)`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Lit, LitInt, LitStr, Token, Type, token};

use super::list::{Words, parse_parenthesized, parse_value};
use super::meta;
use super::schema::check_opaque;
use crate::errors::Errors;

/// The words that may stand on a field.
pub(crate) const WORDS: &[&str] = &["added", "renamed", "retyped", "updated"];

/// One thing that happened to a field, or to a variant.
pub(crate) struct Change {
    /// `added`, `renamed`, `retyped` or `updated`.
    pub(crate) word: Ident,
    /// The version that it happened in.
    pub(crate) version: Version,
    pub(crate) what: What,
}

impl Change {
    /// The attribute by which it may refuse an old value.
    pub(crate) fn tried(&self) -> Option<&Ident> {
        match &self.what {
            What::Retyped { with, .. } => with.tried.as_ref(),
            _ => None,
        }
    }
}

pub(crate) enum What {
    /// It came; older payloads have this, or the default of its type.
    Added { default: Option<TokenStream> },
    /// It had this name on the wire.
    Renamed { from: LitStr },
    /// It held this, which the function turns into what it holds since.
    Retyped { from: Box<Type>, with: Conversion, had: Had },
    /// It held this older version of its type.
    Updated { from: Version },
}

/// The function of a field that was retyped.
pub(crate) struct Conversion {
    pub(crate) function: TokenStream,
    /// The `try_with` attribute, when it may refuse an old value.
    pub(crate) tried: Option<Ident>,
}

/// The attributes that a field had.
#[derive(Clone, Default)]
pub(crate) struct Had {
    /// The words of `serde(…)`.
    pub(crate) serde: Option<TokenStream>,
    pub(crate) opaque: Option<LitStr>,
}

/// A field that there is no more.
pub(crate) struct Removed {
    pub(crate) word: Ident,
    pub(crate) name: LitStr,
    pub(crate) ty: Type,
    /// The version that it came in, when it was not there from the start.
    pub(crate) since: Option<Version>,
    /// The version that it went in.
    pub(crate) version: Version,
    pub(crate) had: Had,
}

/// A version, and where it is said.
#[derive(Clone, Copy)]
pub(crate) struct Version {
    pub(crate) number: u32,
    pub(crate) span: Span,
}

/// Parses the attributes called `name` of one field.
pub(crate) fn of_part(attrs: &[Attribute], name: &str, errors: &Errors) -> Vec<Change> {
    let mut changes = Vec::new();
    let words = Words::new(WORDS);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        meta::each_item(attr, errors, |input| {
            // `#[schema(…)]` has words of other passes too, which are read there.
            if name == "schema" && !is_of_history(input) {
                return skip_item(input);
            }
            if input.peek(Lit) {
                let message = format!(
                    "on a field, `#[{name}(…)]` declares what changed of it, such as `added(in = 2)`; a \
                     stored name belongs on the struct, and that of a field into `#[serde(rename = …)]`"
                );
                return Err(syn::Error::new_spanned(input.parse::<Lit>()?, message));
            }
            let word = words.parse(input, errors)?;
            changes.extend(change(word, input, errors)?);
            Ok(())
        });
    }
    changes
}

/// Returns true if the next word is one of those that tell a history.
pub(crate) fn is_of_history(input: ParseStream) -> bool {
    let next = input.fork().call(Ident::parse_any);
    next.is_ok_and(|word| WORDS.contains(&word.to_string().as_str()))
}

/// Passes over an item that another pass reads.
pub(crate) fn skip_item(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The content that items of one word may have.
#[derive(Default)]
struct Items {
    version: Option<Version>,
    since: Option<Version>,
    from_version: Option<Version>,
    default: Option<TokenStream>,
    name: Option<LitStr>,
    ty: Option<Type>,
    with: Option<Conversion>,
    had: Had,
}

fn items(
    word: &Ident,
    known: &'static [&'static str],
    input: ParseStream,
    errors: &Errors,
) -> syn::Result<Items> {
    let mut items = Items::default();
    let mut words = Words::new(known);
    let is_of_text = word == "renamed";
    let is_of_version = word == "updated";
    parse_parenthesized(input, word, errors, |input| {
        let item = words.parse_once(input, errors)?;
        match item.to_string().as_str() {
            "in" => items.version = Some(version(input, &item)?),
            "since" => items.since = Some(version(input, &item)?),
            "from" if is_of_version => items.from_version = Some(version(input, &item)?),
            "from" if is_of_text => items.name = Some(name(input, &item)?),
            "name" => items.name = Some(name(input, &item)?),
            "from" | "ty" => items.ty = Some(parse_value(input, &item, "OldType")?),
            "default" => items.default = Some(expression(input, &item, "value")?),
            "with" | "try_with" => {
                let function = expression(input, &item, "function")?;
                if items.with.is_some() {
                    let message = "one function turns the old value into the new: keep `with`, or \
                                   `try_with` when it may refuse one";
                    errors.on(&item, message);
                }
                let tried = (item == "try_with").then_some(item);
                items.with = Some(Conversion { function, tried });
            }
            "serde" => {
                let content;
                syn::parenthesized!(content in input);
                items.had.serde = Some(content.parse()?);
            }
            _ => {
                let opaque = parse_value(input, &item, "\"name@1\"")?;
                errors.ok(check_opaque(&opaque));
                items.had.opaque = Some(opaque);
            }
        }
        Ok(())
    })?;
    Ok(items)
}

/// Reads what follows a word; `None` when an error tells what is missing.
fn change(word: Ident, input: ParseStream, errors: &Errors) -> syn::Result<Option<Change>> {
    let (known, example): (&'static [&'static str], _) = match word.to_string().as_str() {
        "added" => (&["in", "default"], "added(in = 2, default = …)"),
        "renamed" => (&["from", "in"], "renamed(from = \"old_name\", in = 2)"),
        "retyped" => (
            &["from", "in", "with", "try_with", "serde", "opaque"],
            "retyped(from = OldType, in = 2, with = function)",
        ),
        _ => (&["in", "from"], "updated(in = 2, from = 1)"),
    };
    if !input.peek(token::Paren) {
        return Err(syn::Error::new_spanned(&word, format!("write `{example}`")));
    }
    let before = errors.count();
    let items = items(&word, known, input, errors)?;
    let Items { version, from_version, default, name, ty, with, had, .. } = items;
    let what = match word.to_string().as_str() {
        "added" => Some(What::Added { default }),
        "renamed" => name.map(|from| What::Renamed { from }),
        "retyped" => {
            ty.zip(with).map(|(from, with)| What::Retyped { from: from.into(), with, had })
        }
        _ => from_version.map(|from| What::Updated { from }),
    };
    match version.zip(what) {
        Some((version, what)) => Ok(Some(Change { word, version, what })),
        None => incomplete(&word, example, before, errors),
    }
}

/// Reads what follows `removed`.
pub(crate) fn removed(
    word: &Ident,
    input: ParseStream,
    errors: &Errors,
) -> syn::Result<Option<Removed>> {
    let before = errors.count();
    let known = &["name", "ty", "in", "since", "serde", "opaque"];
    let Items { version, since, name, ty, had, .. } = items(word, known, input, errors)?;
    match (version, name, ty) {
        (Some(version), Some(name), Some(ty)) => {
            Ok(Some(Removed { word: word.clone(), name, ty, since, version, had }))
        }
        _ => incomplete(word, "removed(name = \"old_name\", ty = OldType, in = 2)", before, errors),
    }
}

/// Nothing is said of what is missing next to a mistake that explains it.
fn incomplete<T>(
    word: &Ident,
    example: &str,
    before: usize,
    errors: &Errors,
) -> syn::Result<Option<T>> {
    if errors.count() == before {
        errors.on(word, format!("write `{example}`"));
    }
    Ok(None)
}

fn version(input: ParseStream, word: &Ident) -> syn::Result<Version> {
    let ahead = input.fork();
    let number = meta::version(input, word)?;
    ahead.parse::<Token![=]>()?;
    let span = ahead.parse::<LitInt>()?.span();
    Ok(Version { number, span })
}

fn name(input: ParseStream, word: &Ident) -> syn::Result<LitStr> {
    parse_value(input, word, "\"old_name\"")
}

/// Any expression: what this build of syn does not know ends at the next comma.
fn expression(input: ParseStream, word: &Ident, example: &str) -> syn::Result<TokenStream> {
    let message = || syn::Error::new_spanned(word, format!("write `{word} = {example}`"));
    if !input.peek(Token![=]) {
        return Err(message());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(message());
    }
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_ok() && (ahead.is_empty() || ahead.peek(Token![,])) {
        let expression: Expr = input.parse()?;
        return Ok(quote!(#expression));
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}
