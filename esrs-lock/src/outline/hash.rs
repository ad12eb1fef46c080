//! The hash by which a part is found: of its name as lines write it.

/// The bits of a hash.
const MASK: u64 = 0x00ff_ffff;

/// Goes on with the hash of four bytes. Const evaluation is slow at each turn of a loop and at each call, so names
/// are hashed by four and where they are read anyway.
pub(super) const fn on_four(hash: u64, a: u8, b: u8, c: u8, d: u8) -> u64 {
    let four = a as u64 * 35_937 + b as u64 * 1_089 + c as u64 * 33 + d as u64;
    (hash * 1_185_921 + four) & MASK
}

/// Goes on with the hash of one byte.
pub(super) const fn on_one(hash: u64, byte: u8) -> u64 {
    (hash * 33 + byte as u64) & MASK
}

/// The hash of the bytes from `start` to `end`.
pub(super) const fn hash_of(bytes: &[u8], start: usize, end: usize) -> u32 {
    let (mut hash, mut i) = (0, start);
    while i + 4 <= end {
        hash = on_four(hash, bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
        i += 4;
    }
    while i < end {
        hash = on_one(hash, bytes[i]);
        i += 1;
    }
    hash as u32
}
