//! A key of the user's own is given: which of those that are demanded is it?

use super::{Actor, Causation, Correlation, Demands, Lacking, TypedKey};

/// The facts missing of a command on an `A` when a `K` is given.
///
/// Nothing tells two types apart but an impl for the two, and the derive writes those of the keys
/// that an aggregate demands ([`Beside`]). So a key that is not demanded is taken when no other is
/// missing any more.
pub trait Takes<A, K> {
    /// The facts missing then.
    type Left: Demands;
}

impl<A, K> Takes<A, K> for () {
    type Left = ();
}

impl<A, K, R: Takes<A, K>> Takes<A, K> for Lacking<Actor, R> {
    type Left = Lacking<Actor, R::Left>;
}

impl<A, K, R: Takes<A, K>> Takes<A, K> for Lacking<Causation, R> {
    type Left = Lacking<Causation, R::Left>;
}

impl<A, K, R: Takes<A, K>> Takes<A, K> for Lacking<Correlation, R> {
    type Left = Lacking<Correlation, R::Left>;
}

impl<A, K, D, R> Takes<A, K> for Lacking<TypedKey<D>, R>
where
    D: Beside<A, K>,
    R: Demands + Takes<A, K>,
{
    type Left = <D::Is as Is>::Left<R, Lacking<TypedKey<D>, R::Left>>;
}

/// A proof that this key, which `A` demands, is the key `K`, which it demands too.
#[diagnostic::on_unimplemented(
    message = "`{A}` requires a `{Self}` for every command, and is given a `{K}` before that",
    label = "no `{Self}` is given yet",
    note = "write `.with_key(…)` with a `{Self}` first: a key that is not required comes after those that are"
)]
pub trait Beside<A, K> {
    /// [`TheSame`] or [`Another`].
    type Is: Is;
}

/// Of one key alone, rustc would take for granted that it is the one that is given.
impl<A, T> Beside<A, NoKey> for T {
    type Is = Another;
}

/// No key at all.
#[derive(Debug)]
pub enum NoKey {}

/// The answer to [`Beside`].
pub trait Is {
    /// The rest of a list: its rest, when the key in front is the one that is given.
    type Left<Rest: Demands, All: Demands>: Demands;
}

/// The keys are one.
#[derive(Debug)]
pub enum TheSame {}

/// The keys are two.
#[derive(Debug)]
pub enum Another {}

impl Is for TheSame {
    type Left<Rest: Demands, All: Demands> = Rest;
}

impl Is for Another {
    type Left<Rest: Demands, All: Demands> = All;
}
