//! Metadata of the user's own that has a type.

use std::any::type_name;
use std::fmt::{self, Display};
use std::str::FromStr;

use super::metadata::Metadata;

/// A key of the user's own whose value has a type: what is stored next to events as text, and is read
/// again as what it was.
///
/// `Display` and `FromStr` have to be each other's inverse; `#[derive(Id)]` gives both to a newtype.
///
/// ```text
/// #[derive(Id, Debug, PartialEq)]
/// struct Branch(u32);
///
/// impl MetadataKey for Branch {
///     const KEY: &str = "branch";
/// }
///
/// accounts.execute(&id, Deposit { cents: 500 }).with_key(Branch(7)).await?;
/// let of_the_branch = AuditTrail::new(store).with_key(&Branch(7));
/// ```
///
/// A handler reads it by `ctx.metadata().key::<Branch>()?`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metadata key",
    label = "not a metadata key",
    note = "write `impl MetadataKey for {Self} {{ const KEY: &str = \"…\"; }}`; it needs `Display` and `FromStr`, which `#[derive(Id)]` gives to a newtype",
    note = "a key without a type is given as text: `.with(\"key\", \"value\")`"
)]
pub trait MetadataKey: Display + FromStr<Err: Display> {
    /// The key that the value is stored under.
    const KEY: &'static str;
}

/// Why a value of the user's own could not be read from metadata.
///
/// Neither the message nor `Debug` contains the value, or what `FromStr` said of it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the metadata has a value under the key `{key}` that is not a `{expected}`")]
pub struct InvalidMetadata {
    /// The key.
    pub key: &'static str,
    /// The text that stands there.
    pub text: String,
    /// The expected type.
    pub expected: &'static str,
    /// The message of its `FromStr`.
    pub reason: String,
}

impl fmt::Debug for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidMetadata")
            .field("key", &self.key)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

impl Metadata {
    /// The same metadata with a key of the user's own, by its type.
    ///
    /// It is stored as text, as if it had been given by [`with`](Self::with).
    #[must_use]
    pub fn with_key<K: MetadataKey>(self, value: K) -> Self {
        self.with(K::KEY, value.to_string())
    }

    /// A key of the user's own, by its type; `None` when nothing was said of it.
    ///
    /// ```
    /// use std::fmt;
    /// use std::num::ParseIntError;
    /// use std::str::FromStr;
    ///
    /// use esrs_core::{Metadata, MetadataKey};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Branch(u32);
    ///
    /// impl MetadataKey for Branch {
    ///     const KEY: &str = "branch";
    /// }
    /// # impl fmt::Display for Branch {
    /// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    /// #         self.0.fmt(f)
    /// #     }
    /// # }
    /// # impl FromStr for Branch {
    /// #     type Err = ParseIntError;
    /// #
    /// #     fn from_str(text: &str) -> Result<Self, ParseIntError> {
    /// #         text.parse().map(Self)
    /// #     }
    /// # }
    ///
    /// let metadata = Metadata::new().with_key(Branch(7));
    /// assert_eq!(metadata.key::<Branch>(), Ok(Some(Branch(7))));
    /// assert_eq!(metadata.get("branch"), Some("7"));
    /// ```
    ///
    /// # Errors
    /// [`InvalidMetadata`] when what stands under the key cannot be read as a `K`.
    pub fn key<K: MetadataKey>(&self) -> Result<Option<K>, InvalidMetadata> {
        let Some(text) = self.get(K::KEY) else { return Ok(None) };
        text.parse().map(Some).map_err(|reason: K::Err| InvalidMetadata {
            key: K::KEY,
            text: text.to_owned(),
            expected: type_name::<K>(),
            reason: reason.to_string(),
        })
    }
}
