//! The words for what is missing.
//!
//! Each kind of demand asks for a trait that nothing implements: it is there for its words. Nobody
//! else can implement one, because nobody can name it.

use super::{Actor, Causation, Correlation, Lacking, TypedKey};

/// A list of which nothing is missing.
#[diagnostic::on_unimplemented(
    message = "`{A}` may require something of every command, and it is not known here what",
    label = "what `{A}` requires is not known",
    note = "code for any aggregate says that nothing is required: `{A}: Handle<…, Requires = ()>`"
)]
pub trait Complete<A> {}

impl<A> Complete<A> for () {}
impl<A: KnowsActor, R: Complete<A>> Complete<A> for Lacking<Actor, R> {}
impl<A: KnowsCausation, R: Complete<A>> Complete<A> for Lacking<Causation, R> {}
impl<A: KnowsCorrelation, R: Complete<A>> Complete<A> for Lacking<Correlation, R> {}
impl<A: Knows<K>, K, R: Complete<A>> Complete<A> for Lacking<TypedKey<K>, R> {}

/// A list that is not empty. The lifetime is there so that rustc takes a bound that never holds.
pub trait LacksSomething<'a> {}

impl<D, R> LacksSomething<'_> for Lacking<D, R> {}

/// A list that is not empty and of which nothing is missing: there is none.
#[diagnostic::on_unimplemented(
    message = "`{A}` may require something of every command, and it is not known here what",
    label = "what `{A}` requires is not known",
    note = "code for any aggregate says that nothing is required: `{A}: Handle<…, Requires = ()>`"
)]
pub trait MadeComplete<A>: for<'a> LacksSomething<'a> {}

impl<A> MadeComplete<A> for () where for<'a> (): MadeFuture<'a, A> {}
impl<A: KnowsActor, R: Complete<A>> MadeComplete<A> for Lacking<Actor, R> {}
impl<A: KnowsCausation, R: Complete<A>> MadeComplete<A> for Lacking<Causation, R> {}
impl<A: KnowsCorrelation, R: Complete<A>> MadeComplete<A> for Lacking<Correlation, R> {}
impl<A: Knows<K>, K, R: Complete<A>> MadeComplete<A> for Lacking<TypedKey<K>, R> {}

/// A proof that a command of which nothing is missing is a future, without `.await`.
#[diagnostic::on_unimplemented(
    message = "a command on `{A}` is not a future before it is awaited",
    label = "not a future yet",
    note = "`.await` it, for a task of its own in `async move {{ ….await }}`; or make a future of it by `.into_future()`"
)]
pub trait MadeFuture<'a, A>: LacksSomething<'a> {}

/// A proof that a command's actor is known without [`by`](crate::Execute::by).
#[diagnostic::on_unimplemented(
    message = "`{Self}` requires an actor for every command",
    label = "no actor is given",
    note = "name the actor, before it is awaited: `.by(…)`"
)]
pub trait KnowsActor {}

/// A proof that a command's cause is known without [`caused_by`](crate::Execute::caused_by).
#[diagnostic::on_unimplemented(
    message = "`{Self}` requires a causation for every command",
    label = "no causation is given",
    note = "name the event or message that causes it, before it is awaited: `.caused_by(…)`"
)]
pub trait KnowsCausation {}

/// A proof that a command's correlation is known without [`correlated_by`](crate::Execute::correlated_by).
#[diagnostic::on_unimplemented(
    message = "`{Self}` requires a correlation for every command",
    label = "no correlation is given",
    note = "name the correlation, before it is awaited: `.correlated_by(…)`"
)]
pub trait KnowsCorrelation {}

/// A proof that a command's `K` is known without [`with_key`](crate::Execute::with_key).
#[diagnostic::on_unimplemented(
    message = "`{Self}` requires a `{K}` for every command",
    label = "no `{K}` is given",
    note = "give it, before it is awaited: `.with_key(…)` with a `{K}`"
)]
pub trait Knows<K> {}
