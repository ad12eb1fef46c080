//! The version of PostgreSQL.

use std::fmt;

/// The version of an installation or of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// The oldest that esrs is for.
    pub const OLDEST: Self = Self::new(14, 0);

    /// 15.18 is `Version::new(15, 18)`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Returns whether esrs supports it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self >= Self::OLDEST
    }

    /// Out of `server_version_num`: 150018 is 15.18.
    pub(crate) fn from_number(number: u32) -> Self {
        Self::new(number / 10_000, number % 10_000)
    }

    /// Out of what a program says of itself: `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`, or
    /// `postgres (PostgreSQL) 19beta1`.
    pub(crate) fn from_program(said: &str) -> Option<Self> {
        let version = said.split_once("(PostgreSQL)")?.1.trim_start();
        let number = |text: &str| {
            let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            text[..digits].parse().ok()
        };
        let minor = version.split_once('.').and_then(|(_, minor)| number(minor));
        Some(Self::new(number(version)?, minor.unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_its_version_in_many_ways() {
        for (said, version) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some((15, 18))),
            ("postgres (PostgreSQL) 14.0", Some((14, 0))),
            ("postgres (PostgreSQL) 19beta1", Some((19, 0))),
            ("postgres (PostgreSQL) 9.6.24", Some((9, 6))),
            ("postgres (PostgreSQL) devel", None),
            ("postgres 15.18", None),
        ] {
            let expected = version.map(|(major, minor)| Version::new(major, minor));
            assert_eq!(Version::from_program(said), expected, "{said}");
        }
    }

    #[test]
    fn postgresql_14_is_the_oldest_that_is_supported() {
        assert!(Version::from_number(140_000).is_supported());
        assert!(Version::from_number(180_006).is_supported());
        assert!(!Version::from_number(130_022).is_supported());
        assert!(!Version::from_number(90_624).is_supported());
    }
}
