//! Declarations by attributes on a part besides its shape: the steps that it went through, and the code by
//! which serde reads it.

/// The declarations on a part, as its attributes say it; it is no part of a shape, so all of it is equal.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// Of the part itself.
    part: &'static str,
    /// Of the type that it holds, as a whole.
    whole: &'static str,
    /// True if the part may be absent in what is read, and is in none of what is written.
    always_written: bool,
}

impl Declared {
    /// Nothing.
    pub const NOTHING: Self = Self { part: "", whole: "", always_written: false };

    /// The declarations on the type that a part holds.
    pub(crate) const fn of_type(whole: &'static str) -> Self {
        Self { whole, ..Self::NOTHING }
    }

    /// The same, with what stands on the part.
    pub const fn on_part(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// The same, of a part that no `skip_serializing_if` leaves out.
    pub(crate) const fn always_written(self) -> Self {
        Self { always_written: true, ..self }
    }

    pub(crate) const fn is_always_written(self) -> bool {
        self.always_written
    }

    pub(crate) const fn part(self) -> &'static str {
        self.part
    }

    pub(crate) const fn whole(self) -> &'static str {
        self.whole
    }
}

impl PartialEq for Declared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Declared {}
