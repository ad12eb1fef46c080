//! The common parts of two lists, in order.

use std::ops::Range;

/// A part of two lists that are compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The part in both, and its places.
    Same(Range<usize>, Range<usize>),
    /// The part of the first list, and the part in its place in the second.
    Changed(Range<usize>, Range<usize>),
}

/// Beyond so many pairs to compare, all that is not alike at either end counts as changed.
const MAX_PAIRS: usize = 4_000_000;

/// The parts of two lists: the most they have in common, and what lies between.
pub(super) fn parts<T: PartialEq>(before: &[T], after: &[T]) -> Vec<Part> {
    let alike = |(a, b): &(&T, &T)| a == b;
    let head = before.iter().zip(after).take_while(alike).count();
    let (before_rest, after_rest) = (&before[head..], &after[head..]);
    let tail = before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(alike).count();
    let before_middle = &before_rest[..before_rest.len() - tail];
    let after_middle = &after_rest[..after_rest.len() - tail];

    let mut parts = Vec::new();
    let (mut before_from, mut after_from) = (0, 0);
    let pairs = (0..head)
        .map(|place| (place, place))
        .chain(common(before_middle, after_middle).into_iter().map(|(a, b)| (head + a, head + b)))
        .chain(
            (0..tail).map(|place| {
                (head + before_middle.len() + place, head + after_middle.len() + place)
            }),
        );
    for (in_before, in_after) in pairs {
        if (in_before, in_after) != (before_from, after_from) {
            parts.push(Part::Changed(before_from..in_before, after_from..in_after));
        }
        match parts.last_mut() {
            Some(Part::Same(before, after)) => {
                (before.end, after.end) = (in_before + 1, in_after + 1)
            }
            _ => parts.push(Part::Same(in_before..in_before + 1, in_after..in_after + 1)),
        }
        (before_from, after_from) = (in_before + 1, in_after + 1);
    }
    if (before_from, after_from) != (before.len(), after.len()) {
        parts.push(Part::Changed(before_from..before.len(), after_from..after.len()));
    }
    parts
}

/// The places of a longest common subsequence.
fn common<T: PartialEq>(before: &[T], after: &[T]) -> Vec<(usize, usize)> {
    if before.len().saturating_mul(after.len()) > MAX_PAIRS {
        return Vec::new();
    }
    let width = after.len() + 1;
    // How much is in common from here to both ends.
    let mut ahead = vec![0_u32; (before.len() + 1) * width];
    for a in (0..before.len()).rev() {
        for b in (0..after.len()).rev() {
            let here = a * width + b;
            ahead[here] = if before[a] == after[b] {
                ahead[here + width + 1] + 1
            } else {
                ahead[here + width].max(ahead[here + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut places = Vec::new();
    while a < before.len() && b < after.len() {
        let here = a * width + b;
        if before[a] == after[b] {
            places.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if ahead[here + width] >= ahead[here + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Part::{Changed, Same};
    use super::*;

    #[test]
    fn what_both_lists_have_stands_between_what_changed() {
        let parts = parts(&[1, 2, 3, 4, 5], &[1, 9, 3, 5, 6]);
        assert_eq!(
            parts,
            [
                Same(0..1, 0..1),
                Changed(1..2, 1..2),
                Same(2..3, 2..3),
                Changed(3..4, 3..3),
                Same(4..5, 3..4),
                Changed(5..5, 4..5),
            ]
        );
    }

    #[test]
    fn lists_that_are_too_long_to_compare_changed_as_a_whole() {
        let (before, after) = (vec![0; 3_000], vec![1; 3_000]);
        assert_eq!(parts(&before, &after), [Changed(0..3_000, 0..3_000)]);
    }

    proptest! {
        #[test]
        fn the_second_list_can_be_made_of_the_first_and_its_parts(
            before in prop::collection::vec(0..4, 0..12),
            after in prop::collection::vec(0..4, 0..12),
        ) {
            let (mut made, mut read) = (Vec::new(), Vec::new());
            for part in parts(&before, &after) {
                match part {
                    Same(in_before, in_after) => {
                        prop_assert_eq!(&before[in_before.clone()], &after[in_after]);
                        made.extend_from_slice(&before[in_before.clone()]);
                        read.extend_from_slice(&before[in_before]);
                    }
                    Changed(removed, added) => {
                        read.extend_from_slice(&before[removed]);
                        made.extend_from_slice(&after[added]);
                    }
                }
            }
            prop_assert_eq!((read, made), (before, after));
        }
    }
}
