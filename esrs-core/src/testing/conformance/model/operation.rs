//! The operations of a script, as plain data.

/// The number of streams that a script plays with; numbers above wrap around.
pub(super) const STREAMS: u8 = 4;
/// The stored names that a script uses; numbers above wrap around.
pub(super) const NAMES: [&str; 3] = ["opened", "changed", "closed"];
/// The number of idempotency keys that a script plays with; numbers above wrap around.
pub(super) const KEYS: u8 = 4;

/// One step of a script. Streams, names and keys are numbers, so that few of them meet often.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Appends new events.
    Append {
        /// The streams of the batch; one that stands twice is left out the second time.
        parts: Vec<Part>,
        /// The idempotency key.
        key: Option<u8>,
    },
    /// Repeats an append that was stored before, with the same event ids.
    Repeat {
        /// The one meant, counted from the latest; numbers above wrap around.
        back: u8,
    },
    /// Appends one new event next to the first of an append that was stored before.
    Mix {
        /// The one meant, counted from the latest; numbers above wrap around.
        back: u8,
    },
    /// Looks for an append by its key.
    Find {
        /// The stream.
        stream: u8,
        /// The key.
        key: u8,
    },
    /// Reads a stream to its end.
    ReadStream {
        /// The stream.
        stream: u8,
        /// Behind which version.
        after: u8,
        /// By how many events a page.
        limit: u8,
        /// By how many bytes a page.
        max_bytes: u16,
    },
    /// Reads the log to its end.
    ReadAll {
        /// Behind which of the script's events, by its place.
        after: u8,
        /// By how many events a page.
        limit: u8,
        /// Only events of these names; a bit a name.
        names: Option<u8>,
    },
}

/// The events that go to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The stream.
    pub stream: u8,
    /// The condition.
    pub condition: Condition,
    /// The stored name of each event, as a number.
    pub names: Vec<u8>,
}

/// A condition, as seen from where the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// Any version.
    Any,
    /// No stream yet.
    NoStream,
    /// The version at which it stands.
    Current,
    /// A version that it had before; version 0 at least.
    Behind(u8),
    /// A version that it does not have yet.
    Ahead(u8),
}

impl Operation {
    /// The operation of this number: the same number makes the same operation.
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = SplitMix(seed);
        match dice.below(16) {
            0..=7 => {
                let parts = (0..=dice.below(4) / 2).map(|_| Part::from_dice(&mut dice)).collect();
                let key = (dice.below(3) == 0).then(|| dice.below(KEYS));
                Self::Append { parts, key }
            }
            8 | 9 => Self::Repeat { back: dice.below(8) },
            10 => Self::Mix { back: dice.below(8) },
            11 => Self::Find { stream: dice.below(STREAMS), key: dice.below(KEYS) },
            12 | 13 => Self::ReadStream {
                stream: dice.below(STREAMS),
                after: dice.below(12),
                limit: dice.below(6),
                max_bytes: u16::from(dice.below(4)) * 40,
            },
            _ => Self::ReadAll {
                after: dice.below(40),
                limit: dice.below(8),
                names: (dice.below(2) == 0).then(|| dice.below(8)),
            },
        }
    }
}

impl Part {
    fn from_dice(dice: &mut SplitMix) -> Self {
        let condition = match dice.below(10) {
            0..=3 => Condition::Any,
            4..=6 => Condition::Current,
            7 => Condition::NoStream,
            8 => Condition::Behind(1 + dice.below(3)),
            _ => Condition::Ahead(1 + dice.below(3)),
        };
        let stream = dice.below(STREAMS);
        let names = (0..=dice.below(4)).map(|_| dice.below(NAMES.len() as u8)).collect();
        Self { stream, condition, names }
    }
}

/// SplitMix64, as in Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
/// OOPSLA 2014.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u8) -> u8 {
        (self.next() % u64::from(bound)) as u8
    }
}
