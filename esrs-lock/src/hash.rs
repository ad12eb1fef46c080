//! A hash that no release of Rust changes.

/// FNV-1a of 64 bits, of whatever is written to it, also in const evaluation.
///
/// Locks and fingerprints hold its results, so they never change.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
///
/// ```
/// use esrs_lock::hash::Fnv1a;
///
/// assert_eq!(Fnv1a::of(b"a"), 0xaf63_dc4c_8601_ec8c);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Fnv1a(u64);

impl Fnv1a {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    /// The hash of nothing.
    #[allow(clippy::new_without_default, reason = "a `Default` is not for const evaluation")]
    pub const fn new() -> Self {
        Self(Self::OFFSET_BASIS)
    }

    /// Goes on with these bytes.
    pub const fn write(&mut self, bytes: &[u8]) {
        let mut hash = self.0;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(Self::PRIME);
            i += 1;
        }
        self.0 = hash;
    }

    /// The hash of what was written.
    pub const fn finish(&self) -> u64 {
        self.0
    }

    /// The hash of these bytes.
    pub const fn of(bytes: &[u8]) -> u64 {
        let mut hash = Self::new();
        hash.write(bytes);
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_specification() {
        assert_eq!(Fnv1a::of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv1a::of(b"foobar"), 0x8594_4171_f739_67e8);
        let mut parts = Fnv1a::new();
        parts.write(b"foo");
        parts.write(b"bar");
        assert_eq!(parts.finish(), Fnv1a::of(b"foobar"));
    }
}
