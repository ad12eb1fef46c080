//! `#[event("stored_name", version = 2, from = Previous, aliases("old"), merges(Other), removed(…),
//! crate = ::path)]`.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Lit, LitStr, Meta, Path, Type};

use super::history::{self, Removed};
use super::list::{Words, is_bare_word, parse_parenthesized, parse_value};
use super::meta;
use crate::errors::Errors;

#[derive(Default)]
pub(crate) struct Event {
    /// True if the attribute stands there at all.
    pub(crate) is_there: bool,
    pub(crate) name: Option<LitStr>,
    /// The `version` attribute, and its value.
    pub(crate) version: Option<(Ident, u32)>,
    /// The `from` attribute, and its value.
    pub(crate) from: Option<(Ident, Type)>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) merges: Vec<Type>,
    /// The fields that it had once.
    pub(crate) removed: Vec<Removed>,
    pub(crate) krate: Option<Path>,
}

pub(crate) fn parse(attrs: &[Attribute], errors: &Errors) -> Event {
    let mut event = Event::default();
    let mut words = Words::new(&["version", "from", "aliases", "merges", "removed", "crate"]);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        if std::mem::replace(&mut event.is_there, true) {
            errors.on(attr, "an event has one `#[event(…)]`: write it all in the first");
            continue;
        }
        if !matches!(attr.meta, Meta::List(_)) {
            errors.on(&attr.meta, "write the name it is stored under: `#[event(\"stored_name\")]`");
            // Taken for a name, so that the missing name is not reported too.
            event.name = Some(LitStr::new("stored_name", attr.span()));
            continue;
        }
        let mut is_first = true;
        meta::each_item(attr, errors, |input| {
            let is_first = std::mem::replace(&mut is_first, false);
            if input.peek(Lit) {
                stored_name(&mut event, input, is_first)
            } else if is_first && is_bare_word(input) {
                bare_name(&mut event, input)
            } else {
                let word = words.parse(input, errors)?;
                if word != "removed" {
                    words.once(&word, errors);
                }
                item(&mut event, &word, input, errors)
            }
        });
    }
    event
}

fn stored_name(event: &mut Event, input: ParseStream, is_first: bool) -> syn::Result<()> {
    let literal: Lit = input.parse()?;
    let Lit::Str(name) = &literal else {
        let message = "the stored name is a string, such as `\"account_opened\"`";
        return Err(syn::Error::new_spanned(literal, message));
    };
    let is_second = event.name.is_some();
    event.name.get_or_insert_with(|| name.clone());
    if is_second {
        let message = "an event is stored under one name: put the names it was stored under before \
                       into `aliases(…)`";
        return Err(syn::Error::new_spanned(name, message));
    }
    if !is_first {
        let message = format!("the stored name stands first: `#[event({:?}, …)]`", name.value());
        return Err(syn::Error::new_spanned(name, message));
    }
    Ok(())
}

fn bare_name(event: &mut Event, input: ParseStream) -> syn::Result<()> {
    let word = input.call(Ident::parse_any)?;
    // Taken for the name, so that the missing name is not reported too.
    event.name = Some(LitStr::new(&word.unraw().to_string(), word.span()));
    let message = format!("the stored name is a string: write `\"{}\"`", word.unraw());
    Err(syn::Error::new_spanned(word, message))
}

fn item(event: &mut Event, word: &Ident, input: ParseStream, errors: &Errors) -> syn::Result<()> {
    match word.to_string().as_str() {
        "version" => event.version = Some((word.clone(), meta::version(input, word)?)),
        "from" => {
            let previous = parse_value(input, word, "PreviousVersion")?;
            event.from = Some((word.clone(), previous));
        }
        "aliases" => {
            parse_parenthesized(input, word, errors, |input| {
                let alias = input.parse::<LitStr>().map_err(|error| {
                    syn::Error::new(error.span(), "an alias is a string, such as `\"old_name\"`")
                })?;
                event.aliases.push(alias);
                Ok(())
            })?;
            if event.aliases.is_empty() {
                let message = "`aliases(…)` lists the names this event was stored under before; \
                               leave it out when there are none";
                return Err(syn::Error::new_spanned(word, message));
            }
        }
        "merges" => {
            parse_parenthesized(input, word, errors, |input| {
                event.merges.push(input.parse().map_err(|error| {
                    let message = "name the struct of the event that became this one: \
                                   `merges(MoneyDeposited)`";
                    syn::Error::new(error.span(), message)
                })?);
                Ok(())
            })?;
            if event.merges.is_empty() && errors.is_empty() {
                let message = "`merges(…)` lists the events that became this one; leave it out when \
                               there are none";
                return Err(syn::Error::new_spanned(word, message));
            }
        }
        "removed" => event.removed.extend(history::removed(word, input, errors)?),
        _ => event.krate = Some(meta::crate_path(input, word)?),
    }
    Ok(())
}
