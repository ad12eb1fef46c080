//! Checks that what is locked can still be read: payloads, made up from the locks, on their way through the
//! whole chain.
//!
//! A lock tells the shape of each version that was ever stored. The compiler holds a type's shape to
//! it, and cannot see what the type's code does with the values: a `Deserialize` of the user's own, a
//! `try_from`, an upcaster. So the derive of an event that is locked writes a test, which no one has to
//! remember, and which
//! - makes up payloads of every version, as often as it was locked, and of every event that
//!   [became it](crate::Event::MERGES),
//! - reads them by [`Event::decode`](crate::Event::decode), which brings them up to date,
//! - writes what came of them and reads that: both have to be the same value,
//! - compares what was written with what was read, where that is of the newest version.
//!
//! **Golden payloads** go the same way: files that users keep next to their locks, in
//! `schema/golden/<event>/` (of a binary `schema/bin/<binary>/golden/<event>/`), by the name
//! `v<version>.<any name>.json`. Each has to be read. They are looked for when the test runs. What is stored
//! there of no locked event, or of no locked version, would be read by no test: `schema!()` brings one that
//! fails for it.
//!
//! What an `opaque` part holds cannot be made up: its values are those of golden payloads. Without
//! one it is left out where it may be, by `null`, an empty list, another variant; and where it may not,
//! the test fails and says where to put one.
//!
//! A type may take less than its shape says: an e-mail address that is read by `try_from` has the shape of
//! any text. When nothing else was ever stored, the path of such
//! a part, as the lock has it, stands on a line of `v<version>.narrow.txt` next to the golden payloads:
//! its values are those of golden payloads from then on.
//!
//! A [`TryUpcast`](crate::TryUpcast), or a function that a field declares by `try_with`, may refuse what
//! was made up, as long as it takes some of it or there is a golden payload; it may not refuse a golden
//! payload.

mod check;
mod dice;
mod failure;
mod generate;
mod golden;
mod kept;
mod leaf;
mod locked;
mod only_in_tests;
mod plan;
mod probe;
mod says;
mod strays;
mod way;

pub use generate::Samples;
#[doc(hidden)]
pub use only_in_tests::is_locked;
pub use plan::Missing;
#[doc(hidden)]
pub use probe::{Listed, Sampled, StandIn};
#[doc(hidden)]
pub use strays::{LockedVersions, Stray, no_stray, strays};
