//! Every version of an event's shape, and what led from each to the next.

use std::fmt;

use super::{Fingerprint, Shape};

/// One version of an event's shape, what led to it, and the version before it.
///
/// [`Event::history`](crate::Event::history) goes through them, from the newest to the oldest.
#[derive(Debug, Clone, Copy)]
pub struct ShapeVersion {
    version: u32,
    shape: &'static Shape,
    fingerprint: Fingerprint,
    step: Step,
    /// Of the code of the step.
    code: u64,
    /// The declarations of the attributes of the type on it as a whole.
    declared: &'static str,
    previous: Option<&'static ShapeVersion>,
}

/// The step from the version before to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Nothing: no version is known before it.
    First,
    /// An [`Upcast`](crate::Upcast) or a [`TryUpcast`](crate::TryUpcast).
    Written,
    /// The declarations of the event's own attributes.
    Declared(&'static [FieldChange]),
}

/// A change of one field; the fields are told by their names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldChange {
    /// It came.
    Added {
        /// Its name.
        field: &'static str,
    },
    /// It got another name.
    Renamed {
        /// The name before.
        from: &'static str,
        /// The name since.
        to: &'static str,
    },
    /// It got another type.
    Retyped {
        /// Its name.
        field: &'static str,
    },
    /// It took a newer version of the type that it holds.
    Updated {
        /// Its name.
        field: &'static str,
        /// The version of the type that it held before.
        from: u32,
    },
    /// It went.
    Removed {
        /// Its name.
        field: &'static str,
    },
}

impl ShapeVersion {
    pub(crate) const fn new(
        version: u32,
        shape: &'static Shape,
        fingerprint: Fingerprint,
        step: Step,
        code: u64,
        previous: Option<&'static ShapeVersion>,
    ) -> Self {
        Self { version, shape, fingerprint, step, code, declared: "", previous }
    }

    /// The same, with what the attributes of the type declare of it as a whole.
    pub(crate) const fn declared_as_a_whole(self, declared: &'static str) -> Self {
        Self { declared, ..self }
    }

    pub(crate) const fn declared(&self) -> &'static str {
        self.declared
    }

    /// Its number.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The shape of its payloads.
    pub const fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// The fingerprint of that shape.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Returns the step that led to it from the version before.
    pub const fn step(&self) -> Step {
        self.step
    }

    /// The version before it.
    pub const fn previous(&self) -> Option<&'static ShapeVersion> {
        self.previous
    }

    /// A hash of the code of every declared step up to here; 0 when there is none.
    pub(crate) const fn code(&self) -> u64 {
        let mut code = 0;
        let mut next = Some(self);
        while let Some(version) = next {
            code = code_and(version.code, code);
            next = version.previous;
        }
        code
    }
}

/// Versions of an event's shape, from the newest to the oldest; see
/// [`Event::history`](crate::Event::history).
#[derive(Debug, Clone)]
pub struct ShapeVersions(pub(crate) Option<&'static ShapeVersion>);

impl Iterator for ShapeVersions {
    type Item = &'static ShapeVersion;

    fn next(&mut self) -> Option<Self::Item> {
        let version = self.0?;
        self.0 = version.previous;
        Some(version)
    }
}

impl std::iter::FusedIterator for ShapeVersions {}

impl fmt::Display for ShapeVersion {
    /// Writes the version on one line, for people: `2 {cents: i64}: renamed amount to cents`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.version, self.shape, self.step)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("the first"),
            Self::Written => f.write_str("by an upcaster"),
            Self::Declared(changes) => {
                for (i, change) in changes.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{change}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { field } => write!(f, "added {field}"),
            Self::Renamed { from, to } => write!(f, "renamed {from} to {to}"),
            Self::Retyped { field } => write!(f, "retyped {field}"),
            Self::Updated { field, from } => write!(f, "updated {field} from version {from}"),
            Self::Removed { field } => write!(f, "removed {field}"),
        }
    }
}

/// A hash of two hashes of code; that of no code is 0.
pub const fn code_and(code: u64, other: u64) -> u64 {
    match other {
        0 => code,
        other => Fingerprint::of_text("code").with(code).with(other).to_u64(),
    }
}
