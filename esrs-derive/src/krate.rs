//! Where the generated code finds esrs.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Meta, Path};

/// The path of the crate esrs, as the user's crate knows it: `::esrs`, or `crate = ::path`.
#[derive(Clone)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    pub(crate) fn new(path: Option<Path>) -> Self {
        Self(path)
    }

    /// The crate that an attribute of a derive names, found without reading what else it says.
    pub(crate) fn of_attributes(attributes: &[Attribute]) -> Self {
        const ATTRIBUTES: [&str; 6] =
            ["aggregate", "column", "event", "id", "projection", "schema"];
        let ours = attributes
            .iter()
            .filter(|attribute| ATTRIBUTES.iter().any(|name| attribute.path().is_ident(name)));
        let lists = ours.filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(list.tokens.clone()),
            _ => None,
        });
        Self(lists.filter_map(crate_in).next())
    }

    /// A check that the crate is of the version of this derive.
    pub(crate) fn check_version(&self) -> TokenStream {
        let (private, version) = (self.private(), env!("CARGO_PKG_VERSION"));
        quote!(const _: () = #private::generated_by(#version);)
    }

    /// The module that all generated code names.
    pub(crate) fn private(&self) -> TokenStream {
        quote!(#self::__private)
    }

    /// The same module, named at `span`: an error about what follows is shown there.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        let at_span = |mut token: TokenTree| {
            token.set_span(span);
            token
        };
        self.private().into_iter().map(at_span).collect()
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => quote!(::esrs).to_tokens(tokens),
        }
    }
}

/// The path of `crate = …` among the items of a list.
fn crate_in(items: TokenStream) -> Option<Path> {
    let mut items = items.into_iter().peekable();
    while let Some(item) = items.next() {
        let is_crate = matches!(&item, TokenTree::Ident(word) if word == "crate");
        let is_equals =
            |next: &TokenTree| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '=');
        if is_crate && items.next_if(is_equals).is_some() {
            let is_comma =
                |next: &TokenTree| matches!(next, TokenTree::Punct(mark) if mark.as_char() == ',');
            return syn::parse2(items.take_while(|next| !is_comma(next)).collect()).ok();
        }
    }
    None
}

/// Why a `crate = …` cannot be taken: generated code may stand in any module, so only a path that
/// means the same everywhere will do.
pub(crate) fn check(path: &Path) -> syn::Result<()> {
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    if path.leading_colon.is_some() || first.as_deref() == Some("crate") {
        return Ok(());
    }
    let written = path.to_token_stream().to_string().replace(' ', "");
    let message = format!(
        "this path means another thing in another module; write `crate = ::{written}` for a \
         dependency, or `crate = crate::{written}` for a module of this crate"
    );
    Err(syn::Error::new_spanned(path, message))
}
