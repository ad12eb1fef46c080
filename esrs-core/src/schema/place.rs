//! Where a field is declared.

use std::panic::Location;

/// Where a field is declared, for messages; it is no part of a shape, so all places are equal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(&'static Location<'static>);

impl Place {
    #[track_caller]
    pub(crate) const fn here() -> Self {
        Self(Location::caller())
    }

    pub(crate) const fn file(self) -> &'static str {
        self.0.file()
    }

    pub(crate) const fn line(self) -> u32 {
        self.0.line()
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}
