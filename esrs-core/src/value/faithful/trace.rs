//! A value as a number of 64 bits, which differs for values that differ.

use std::fmt::{self, Display, Write};

use super::walk::{Key, Kind, Leaf, Node};

/// An odd number without a pattern in its bits, as of FxHash.
const FACTOR: u64 = 0xf135_7aea_2e62_a9c5;

/// Something mixed with one number more.
fn mix(hash: u64, number: u64) -> u64 {
    let wide = u128::from((hash ^ number).rotate_left(23) ^ FACTOR) * u128::from(FACTOR);
    (wide as u64) ^ ((wide >> 64) as u64).wrapping_add(hash.rotate_left(5))
}

fn bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    hash = mix(hash, bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    match rest.is_empty() {
        true => hash,
        false => {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            mix(hash, u64::from_le_bytes(word))
        }
    }
}

fn wide(kind: u64, bits: u8, value: u128) -> u64 {
    let hash = mix(kind, value as u64 ^ u64::from(bits) << 56);
    match bits {
        128 => mix(hash, (value >> 64) as u64),
        _ => hash,
    }
}

/// Text that comes in pieces.
struct Pieces(u64);

impl Write for Pieces {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0 = bytes(self.0, piece.as_bytes());
        Ok(())
    }
}

impl Node for u64 {
    /// Their sum: no order counts but that which a key tells.
    type Parts = u64;

    #[inline]
    fn leaf(leaf: Leaf<'_>) -> Self {
        match leaf {
            Leaf::None => mix(1, 0),
            Leaf::Unit => mix(2, 0),
            Leaf::Bool(value) => mix(3, value.into()),
            Leaf::Signed(value, bits) => wide(4, bits, value.cast_unsigned()),
            Leaf::Unsigned(value, bits) => wide(5, bits, value),
            Leaf::F32(value) => mix(6, value.to_bits().into()),
            Leaf::F64(value) => mix(7, value.to_bits()),
            Leaf::Char(value) => mix(8, u32::from(value).into()),
            Leaf::Text(text) => bytes(9, text.as_bytes()),
            Leaf::Bytes(value) => bytes(10, value),
            Leaf::Variant(name) => bytes(11, name.as_bytes()),
        }
    }

    fn display(text: &(impl Display + ?Sized)) -> Self {
        let mut pieces = Pieces(12);
        match write!(pieces, "{text}") {
            Ok(()) => pieces.0,
            // It could not be written as JSON either.
            Err(fmt::Error) => mix(13, 0),
        }
    }

    fn some(inner: Self) -> Self {
        mix(14, inner)
    }

    #[inline]
    fn push(parts: &mut u64, key: Key<u64>, part: u64) {
        let key = match key {
            Key::Item => 15,
            Key::Place(place) => mix(16, place as u64),
            Key::Name(name) => bytes(17, name.as_bytes()),
            Key::Of(key) => mix(18, key),
        };
        *parts = parts.wrapping_add(mix(key, part));
    }

    fn close(kind: Kind, parts: u64) -> Self {
        let kind = match kind {
            Kind::Sequence => 19,
            Kind::Tuple => 20,
            Kind::Map => 21,
            Kind::Struct => 22,
            Kind::Variant(name) => bytes(23, name.as_bytes()),
        };
        mix(kind, parts)
    }
}
