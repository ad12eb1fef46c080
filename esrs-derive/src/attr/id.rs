//! `#[id(crate = ::path)]`.

use syn::{Attribute, Path};

use super::list::Words;
use super::meta;
use crate::errors::Errors;

#[derive(Default)]
pub(crate) struct Id {
    pub(crate) krate: Option<Path>,
}

pub(crate) fn parse(attrs: &[Attribute], errors: &Errors) -> Id {
    let mut id = Id::default();
    let mut words = Words::new(&["crate"]);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("id")) {
        meta::each_item(attr, errors, |input| {
            let word = words.parse_once(input, errors)?;
            id.krate = Some(meta::crate_path(input, &word)?);
            Ok(())
        });
    }
    id
}
