//! Compares what a follower saw with what is stored.

use std::collections::{BTreeMap, HashMap, HashSet};

use esrs_core::{EventFilter, StreamId};
use uuid::Uuid;

/// An event, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) stream: StreamId,
    pub(crate) version: u64,
    pub(crate) id: Uuid,
}

/// An event of the log, and the name of its type.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) event: Event,
    pub(crate) name: String,
}

impl Stored {
    fn is_wanted(&self, wanted: &EventFilter) -> bool {
        wanted.allows(self.event.stream.category(), &self.name)
    }
}

/// A fault that may be found with what a follower saw or was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// It is stored, and was not seen.
    Missing,
    /// It was seen more than once.
    Twice,
    /// It was seen behind one of the same or a higher position.
    OutOfOrder,
    /// It was seen behind one of its stream of the same or a higher version.
    OutOfOrderInStream,
    /// It stands somewhere else than where it was seen.
    Moved,
    /// It was seen, and is not stored.
    NeverStored,
    /// It was seen by a follower that did not ask for it.
    Unwanted,
    /// A writer was told that it is stored there, and it is not.
    Lost,
    /// It was rolled back, and is stored.
    NotUndone,
    /// The version of its stream before it is missing.
    GapInStream,
}

/// A fault, and its positions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) wrong: Wrong,
    pub(crate) positions: Vec<u64>,
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeMap<Wrong, Vec<u64>>);

impl Faults {
    pub(crate) fn note(&mut self, wrong: Wrong, position: u64) {
        self.0.entry(wrong).or_default().push(position);
    }

    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.0.into_iter().map(|(wrong, positions)| Fault { wrong, positions }).collect()
    }
}

/// Returns the faults of what a follower saw that asked for `wanted`.
pub(crate) fn judge(stored: &[Stored], wanted: &EventFilter, seen: &[Event]) -> Vec<Fault> {
    let log: HashMap<Uuid, &Stored> = stored.iter().map(|one| (one.event.id, one)).collect();
    let (mut faults, mut ids) = (Faults::default(), HashSet::new());
    let (mut last, mut versions) = (0, HashMap::new());
    for event in seen {
        let mut note = |wrong| faults.note(wrong, event.position);
        match log.get(&event.id) {
            None => note(Wrong::NeverStored),
            Some(stored) if stored.event != *event => note(Wrong::Moved),
            Some(stored) if !stored.is_wanted(wanted) => note(Wrong::Unwanted),
            Some(_) => {}
        }
        if !ids.insert(event.id) {
            note(Wrong::Twice);
        }
        if event.position <= last {
            note(Wrong::OutOfOrder);
        }
        let before = versions.insert(&event.stream, event.version);
        if before.is_some_and(|before| before >= event.version) {
            note(Wrong::OutOfOrderInStream);
        }
        last = event.position;
    }
    let was_missed = |one: &&Stored| one.is_wanted(wanted) && !ids.contains(&one.event.id);
    for missing in stored.iter().filter(was_missed) {
        faults.note(Wrong::Missing, missing.event.position);
    }
    faults.into_list()
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 20;
        let Self { wrong, positions } = self;
        let shown: Vec<_> = positions.iter().take(SHOWN).map(u64::to_string).collect();
        write!(f, "{wrong:?} at {}", shown.join(", "))?;
        match positions.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: u64, stream: &str, version: u64) -> Event {
        let (stream, id) = (stream.parse().unwrap(), Uuid::from_u128(position.into()));
        Event { position, stream, version, id }
    }

    /// A log with a gap in its positions, as a transaction leaves that was rolled back.
    fn log() -> Vec<Event> {
        vec![
            event(1, "account-1", 1),
            event(2, "cart-2", 1),
            event(5, "account-1", 2),
            event(6, "account-1", 3),
        ]
    }

    fn judged(wanted: &EventFilter, seen: &[Event]) -> Vec<(Wrong, Vec<u64>)> {
        let stored = log().into_iter().map(|event| Stored { event, name: "noted".to_owned() });
        let faults = judge(&stored.collect::<Vec<_>>(), wanted, seen);
        faults.into_iter().map(|fault| (fault.wrong, fault.positions)).collect()
    }

    fn judged_all(change: impl FnOnce(&mut Vec<Event>)) -> Vec<(Wrong, Vec<u64>)> {
        let mut seen = log();
        change(&mut seen);
        judged(&EventFilter::everything(), &seen)
    }

    #[test]
    fn nothing_is_wrong_with_what_is_stored() {
        assert_eq!(judged_all(|_| {}), []);
    }

    #[test]
    fn what_was_not_seen_is_missing() {
        let missing = judged_all(|seen| drop((seen.remove(3), seen.remove(1))));
        assert_eq!(missing, [(Wrong::Missing, vec![2, 6])]);
    }

    #[test]
    fn what_was_seen_twice_or_out_of_order_is_found() {
        let again = judged_all(|seen| seen.push(event(6, "account-1", 3)));
        let wrongs = [Wrong::Twice, Wrong::OutOfOrder, Wrong::OutOfOrderInStream];
        assert_eq!(again, wrongs.map(|wrong| (wrong, vec![6])));
        assert_eq!(judged_all(|seen| seen.swap(0, 1)), [(Wrong::OutOfOrder, vec![1])]);
        let swapped = judged_all(|seen| seen.swap(2, 3));
        let wrongs = [Wrong::OutOfOrder, Wrong::OutOfOrderInStream];
        assert_eq!(swapped, wrongs.map(|wrong| (wrong, vec![5])));
    }

    #[test]
    fn what_stands_elsewhere_or_nowhere_is_found() {
        let moved = judged_all(|seen| seen[1].position = 3);
        assert_eq!(moved, [(Wrong::Moved, vec![3])]);
        let other = judged_all(|seen| seen[1].stream = "cart-3".parse().unwrap());
        assert_eq!(other, [(Wrong::Moved, vec![2])]);
        let undone = judged_all(|seen| seen.insert(2, event(3, "cart-2", 2)));
        assert_eq!(undone, [(Wrong::NeverStored, vec![3])]);
    }

    #[test]
    fn who_asks_for_a_part_misses_nothing_else_and_is_shown_nothing_else() {
        let carts = EventFilter::everything().and("cart", ["noted"]);
        assert_eq!(judged(&carts, &log()[1..2]), []);
        assert_eq!(judged(&carts, &log()[1..3]), [(Wrong::Unwanted, vec![5])]);
        assert_eq!(judged(&carts, &[]), [(Wrong::Missing, vec![2])]);
    }

    #[test]
    fn a_fault_names_its_positions() {
        let fault = Fault { wrong: Wrong::Missing, positions: (1..=23).collect() };
        let text = fault.to_string();
        assert!(text.starts_with("Missing at 1, 2, 3, "), "{text}");
        assert!(text.ends_with(", 19, 20 and 3 more"), "{text}");
    }
}
