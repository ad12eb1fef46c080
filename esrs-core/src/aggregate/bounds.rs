//! The bounds that a derive puts on the state and the id of an aggregate, each by one trait with a message
//! of its own.

use super::aggregate::Id;

/// The initial state of an aggregate; `Default`, in words of our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no state before its first event",
    label = "`{Self}` has no `Default`",
    note = "add `Default` to the derives of `{Self}`; an enum marks the variant that it begins with by `#[default]`"
)]
pub trait InitialState {
    /// The state before the first event.
    fn initial_state() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> InitialState for T {
    fn initial_state() -> Self {
        T::default()
    }
}

/// The demand of the derives on a type that is named as an aggregate's id: [`Id`](Id), before any of what it
/// is made of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an aggregate",
    label = "not an id",
    note = "add `#[derive(Id, Clone)]` to a newtype, or implement `Display`, `FromStr` and `Clone`"
)]
pub trait AggregateId {
    /// The type itself.
    type Id: Id;
}

#[diagnostic::do_not_recommend]
impl<T: Id> AggregateId for T {
    type Id = T;
}

/// Stands for a body that was not generated, because the derive found an error; it is never run.
#[cold]
pub fn not_generated() -> ! {
    panic!("the derive found an error")
}
