//! Declarations by attributes on a part besides its shape: the steps that it went through, and the code by
//! which serde reads it.

/// What is declared of a part, as its attributes say it; it is no part of a shape, so all of it is equal.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// Of the part itself.
    part: &'static str,
    /// Of the type that it holds, as a whole.
    whole: &'static str,
}

impl Declared {
    /// Nothing.
    pub const NOTHING: Self = Self { part: "", whole: "" };

    /// The declarations on the type that a part holds.
    pub(crate) const fn of_type(whole: &'static str) -> Self {
        Self { part: "", whole }
    }

    /// The same, with what stands on the part.
    pub const fn on_part(self, part: &'static str) -> Self {
        Self { part, ..self }
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
