//! Where the generated code finds esrs.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Path;

/// The path of the crate esrs, as the user's crate knows it: `::esrs`, or `crate = ::path`.
#[derive(Clone)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    pub(crate) fn new(path: Option<Path>) -> Self {
        Self(path)
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
