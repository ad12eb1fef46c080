//! Facts that an aggregate demands of every command, and those of them that are still missing.
//!
//! `#[aggregate(…, requires(actor, Branch))]` becomes [`Aggregate::Requires`](crate::Aggregate), a
//! list of types: `Lacking<Actor, Lacking<TypedKey<Branch>>>`. [`Execute`](crate::Execute) carries the list, and
//! each of its methods takes out what it gives. Only a command that has come to the empty list, `()`,
//! can be awaited or be part of a unit; nothing of this is left at run time.
//!
//! Code that executes commands of any aggregate says that nothing is demanded:
//!
//! ```
//! use esrs_core::{Executed, ExecuteError, Handle, Repository};
//!
//! async fn run<A, C>(
//!     repository: &Repository<A>,
//!     id: &A::Id,
//!     command: C,
//! ) -> Result<Executed, ExecuteError<A::Error>>
//! where
//!     A: Handle<C, Requires = (), Error: Send>,
//!     C: Send + Sync,
//! {
//!     repository.execute(id, command).await
//! }
//! ```

pub(crate) mod given;
mod unmet;

use std::marker::PhantomData;

pub(crate) use given::Takes;
pub(crate) use unmet::{Complete, LacksSomething, MadeComplete};

/// `D` is missing of a command, and so is what `R` lists.
#[derive(Debug)]
pub struct Lacking<D, R = ()>(PhantomData<fn() -> (D, R)>);

/// The actor of the command: `requires(actor)`.
#[derive(Debug)]
pub enum Actor {}

/// The event or message that causes the command: `requires(causation)`.
#[derive(Debug)]
pub enum Causation {}

/// The business transaction of the command: `requires(correlation)`.
#[derive(Debug)]
pub enum Correlation {}

/// A [`MetadataKey`](crate::MetadataKey): `requires(Branch)`.
#[derive(Debug)]
pub struct TypedKey<K>(PhantomData<fn() -> K>);

/// The facts missing of a command: `()`, or [`Lacking`] with what comes behind it.
pub trait Demands {
    /// The facts missing when the actor is given.
    type WithActor: Demands;
    /// The facts missing when the cause is given.
    type WithCausation: Demands;
    /// The facts missing when the correlation is given.
    type WithCorrelation: Demands;
}

impl Demands for () {
    type WithActor = ();
    type WithCausation = ();
    type WithCorrelation = ();
}

impl<R: Demands> Demands for Lacking<Actor, R> {
    type WithActor = R::WithActor;
    type WithCausation = Lacking<Actor, R::WithCausation>;
    type WithCorrelation = Lacking<Actor, R::WithCorrelation>;
}

impl<R: Demands> Demands for Lacking<Causation, R> {
    type WithActor = Lacking<Causation, R::WithActor>;
    type WithCausation = R::WithCausation;
    type WithCorrelation = Lacking<Causation, R::WithCorrelation>;
}

impl<R: Demands> Demands for Lacking<Correlation, R> {
    type WithActor = Lacking<Correlation, R::WithActor>;
    type WithCausation = Lacking<Correlation, R::WithCausation>;
    type WithCorrelation = R::WithCorrelation;
}

impl<K, R: Demands> Demands for Lacking<TypedKey<K>, R> {
    type WithActor = Lacking<TypedKey<K>, R::WithActor>;
    type WithCausation = Lacking<TypedKey<K>, R::WithCausation>;
    type WithCorrelation = Lacking<TypedKey<K>, R::WithCorrelation>;
}
