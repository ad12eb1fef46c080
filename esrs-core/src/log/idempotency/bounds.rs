//! The bounds on a key and on a command that is given one, each by one trait with a message of its own.

use serde::Serialize;

use super::{CommandFingerprint, FingerprintError, IdempotencyKey};

/// A text that an idempotency key is made of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an idempotency key: a key is a text",
    label = "not a text",
    note = "give a `&str` or a `String`: `.idempotency_key(key.to_string())`"
)]
pub trait KeyText {
    /// The key of this text.
    fn into_key(self) -> IdempotencyKey;
}

#[diagnostic::do_not_recommend]
impl<T: Into<IdempotencyKey>> KeyText for T {
    fn into_key(self) -> IdempotencyKey {
        self.into()
    }
}

/// The bound of a command that is given an idempotency key, in words of our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told from another command under an idempotency key",
    label = "does not implement `Serialize`",
    note = "add `#[derive(Serialize)]` to `{Self}`, or the bound `Serialize` where it is generic; `#[serde(skip)]` leaves out what may differ in a repetition",
    note = "or give what identifies it: `.idempotency_key_for(key, &request)`"
)]
pub trait FingerprintedCommand {
    /// Computes its fingerprint.
    fn fingerprint(&self) -> Result<CommandFingerprint, FingerprintError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> FingerprintedCommand for T {
    fn fingerprint(&self) -> Result<CommandFingerprint, FingerprintError> {
        CommandFingerprint::of(self)
    }
}
