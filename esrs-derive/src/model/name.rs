//! The name of a field or a variant on the wire.

use proc_macro2::Ident;
use syn::LitStr;
use syn::ext::IdentExt;

use crate::attr::serde::{Case, Names, Ways};
use crate::errors::Errors;

/// A name on the wire, and the others that are read for it.
pub(crate) struct Name {
    pub(crate) written: LitStr,
    pub(crate) aliases: Vec<LitStr>,
}

/// The names of a field or a variant on the wire; an error when what is written would not be read.
pub(crate) fn name(
    ident: &Ident,
    names: &Names,
    rule: &Ways<Case>,
    apply: fn(Case, &str) -> String,
    errors: &Errors,
) -> Name {
    let rust = ident.unraw().to_string();
    let by_rule = |rule: Option<Case>| {
        let name = rule.map_or_else(|| rust.clone(), |case| apply(case, &rust));
        LitStr::new(&name, ident.span())
    };
    let written = names.rename.write.clone().unwrap_or_else(|| by_rule(rule.write));
    let read = names.rename.read.clone().unwrap_or_else(|| by_rule(rule.read));
    let mut aliases: Vec<LitStr> = Vec::new();
    for alias in std::iter::once(&read).chain(&names.aliases) {
        let is_new = aliases.iter().all(|known| known.value() != alias.value());
        if is_new && alias.value() != written.value() {
            aliases.push(alias.clone());
        }
    }
    let is_read = std::iter::once(&read).chain(&names.aliases);
    if !is_read.into_iter().any(|name| name.value() == written.value()) {
        let message = format!(
            "`{ident}` is written as {:?} and read as {:?}, so what is stored is never read: give it \
             one name both ways, and the other by `#[serde(alias = …)]`",
            written.value(),
            read.value(),
        );
        errors.at(names.rename.write.as_ref().map_or(ident.span(), LitStr::span), message);
    }
    Name { written, aliases }
}
