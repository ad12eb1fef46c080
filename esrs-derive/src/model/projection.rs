//! A projection: its table, the columns of a row, and the events that it follows from.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Type};

use crate::attr::projection::{FieldAttr, Keys, List, Listed, ProjectionAttr, parse_field};
use crate::check::projection::check;
use crate::errors::Errors;
use crate::krate::Krate;

pub(crate) struct Projection<'a> {
    pub(crate) krate: Krate,
    pub(crate) ident: &'a Ident,
    pub(crate) table: Option<&'a LitStr>,
    pub(crate) version: Option<u32>,
    pub(crate) columns: Vec<Column<'a>>,
    pub(crate) sources: Vec<Source<'a>>,
}

pub(crate) struct Column<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) attr: FieldAttr,
    pub(crate) name: String,
    pub(crate) form: Form,
}

/// The way in which a field becomes a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// By the trait `Column`.
    Column,
    /// By `Display` and `FromStr`.
    Text,
    /// By serde.
    Json,
}

/// An event, and all that the lists say about it.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    /// The aggregate; missing when neither the event nor the projection says it.
    pub(crate) of: Option<&'a Path>,
    pub(crate) keys: Option<&'a Keys>,
    pub(crate) action: Action,
}

/// The effect of an event on its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    CreateOrProject,
    Project,
    ProjectOrSkip,
    Delete,
    DeleteOrSkip,
}

impl<'a> Projection<'a> {
    /// The projection, checked.
    pub(crate) fn checked(
        input: &'a DeriveInput,
        attr: &'a ProjectionAttr,
        errors: &Errors,
    ) -> Self {
        let model = Self::new(input, attr, errors);
        check(input, attr, &model, errors);
        model
    }

    pub(crate) fn new(input: &'a DeriveInput, attr: &'a ProjectionAttr, errors: &Errors) -> Self {
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => Some(&fields.named),
                _ => None,
            },
            _ => None,
        };
        let columns = fields.into_iter().flatten().filter_map(|field| {
            let (ident, ty) = (field.ident.as_ref()?, &field.ty);
            let attr = parse_field(field, errors);
            let name =
                attr.column.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
            let form = match (&attr.text, &attr.json) {
                (Some(_), _) => Form::Text,
                (None, Some(_)) => Form::Json,
                (None, None) => Form::Column,
            };
            Some(Column { ident, ty, attr, name, form })
        });
        let version = attr.version.as_ref().and_then(|version| version.base10_parse().ok());
        Self {
            krate: Krate::new(attr.krate.clone()),
            ident: &input.ident,
            table: attr.table.as_ref(),
            version,
            columns: columns.collect(),
            sources: sources(attr),
        }
    }

    /// The columns that make the key, in the order of the struct.
    pub(crate) fn key_columns(&self) -> Vec<&Column<'a>> {
        self.columns.iter().filter(|column| column.attr.key.is_some()).collect()
    }
}

/// Every event once, also one that stands both in `creates(…)` and in `events(…)`.
fn sources(attr: &ProjectionAttr) -> Vec<Source<'_>> {
    let mut sources: Vec<Source<'_>> = Vec::new();
    for listed in &attr.listed {
        let of = listed.of.as_ref().or(attr.of.as_ref());
        let keys = listed.key.as_ref();
        let same = sources
            .iter_mut()
            .find(|source| is_same(source.path, &listed.path) && is_same_option(source.of, of));
        match same {
            Some(first) => {
                first.action = first.action.and(listed.list);
                first.keys = first.keys.or(keys);
            }
            None => {
                let action = Action::of(listed);
                sources.push(Source { path: &listed.path, of, keys, action });
            }
        }
    }
    sources
}

impl Action {
    /// The function that does it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CreateOrProject => "create_or_project",
            Self::Project => "project",
            Self::ProjectOrSkip => "project_or_skip",
            Self::Delete => "delete",
            Self::DeleteOrSkip => "delete_or_skip",
        }
    }

    fn of(listed: &Listed) -> Self {
        match (listed.list, &listed.skip) {
            (List::Creates, _) => Self::Create,
            (List::Events, None) => Self::Project,
            (List::Events, Some(_)) => Self::ProjectOrSkip,
            (List::Deletes, None) => Self::Delete,
            (List::Deletes, Some(_)) => Self::DeleteOrSkip,
        }
    }

    /// Combines it with a second list; `check` refuses all but one pair.
    fn and(self, list: List) -> Self {
        match (self, list) {
            (Self::Create, List::Events) | (Self::Project | Self::ProjectOrSkip, List::Creates) => {
                Self::CreateOrProject
            }
            _ => self,
        }
    }
}

/// Returns true if two paths are written alike.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

pub(crate) fn is_same_option(a: Option<&Path>, b: Option<&Path>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => is_same(a, b),
        (None, None) => true,
        _ => false,
    }
}
