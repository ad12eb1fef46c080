//! The fingerprint of a fold, mixed in const evaluation.

use super::aggregate::Aggregate;
use crate::schema::{EventType, Fingerprint, ShapeVersion, code_and};

/// Returns the fingerprint of what the state of `A` follows from: the `version` that its fold is declared to
/// have, the hash of the `code` that was found, the steps that its events declare, its events, and the names
/// that are retired.
pub const fn fold<A: Aggregate>(
    version: u32,
    code: u64,
    histories: &[&ShapeVersion],
) -> Fingerprint {
    let code = code_and(code, steps(histories));
    mixed(version, code, A::EVENTS, [A::SPLIT, A::IGNORED], A::RETIRED)
}

/// The hash of the steps that events declare; the order of the events means nothing.
const fn steps(histories: &[&ShapeVersion]) -> u64 {
    let mut sum = 0u64;
    let mut i = 0;
    while i < histories.len() {
        // What two events declare is told apart by what they have come to.
        let code = match histories[i].code() {
            0 => 0,
            code => Fingerprint::of_text("steps")
                .with(histories[i].fingerprint().to_u64())
                .with(code)
                .to_u64(),
        };
        sum = sum.wrapping_add(code);
        i += 1;
    }
    sum
}

/// The last of the events are ignored, and those before them are split. The order of events and of
/// names means nothing.
const fn mixed(
    version: u32,
    code: u64,
    events: &[EventType],
    [split, ignored]: [usize; 2],
    retired: &[&str],
) -> Fingerprint {
    let mut listed = Fingerprint::of_texts(&[]);
    let mut i = 0;
    while i < events.len() {
        let (is_ignored, is_kept) =
            (i + ignored >= events.len(), i + ignored + split < events.len());
        let role = match (is_kept, is_ignored) {
            (true, _) => Role::Folded,
            (_, true) => Role::Ignored,
            (false, false) => Role::Split,
        };
        listed = listed.beside(event(&events[i], role));
        i += 1;
    }
    Fingerprint::of_text("fold")
        .with(version as u64)
        .with(code)
        .with(events.len() as u64)
        .with(listed.to_u64())
        .with(Fingerprint::of_texts(retired).to_u64())
}

/// The role of an event.
#[derive(Clone, Copy)]
enum Role {
    Folded,
    Ignored,
    Split,
}

const fn event(event: &EventType, role: Role) -> Fingerprint {
    Fingerprint::of_text(event.name)
        .with(event.version as u64)
        .with(event.fingerprint.to_u64())
        .with(Fingerprint::of_texts(event.aliases).to_u64())
        .with(merged(event.merges).to_u64())
        .with(role as u64)
}

/// Lists the types that became an event, in whatever order.
const fn merged(events: &[EventType]) -> Fingerprint {
    let mut all = Fingerprint::of_texts(&[]);
    let mut i = 0;
    while i < events.len() {
        all = all.beside(event(&events[i], Role::Folded));
        i += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Shape;

    const COUNTED: EventType = EventType {
        name: "counted",
        version: 1,
        aliases: &["added", "plus"],
        merges: &[],
        shape: &Shape::Unit,
        fingerprint: Fingerprint::of_leaf(&Shape::Unit),
        locked_up_to: 0,
        home: 0,
    };
    const RESET: EventType = EventType { name: "reset", aliases: &[], ..COUNTED };
    const RETIRED: &[&str] = &["shown", "hidden"];
    const FOLD: Fingerprint = mixed(1, 7, &[COUNTED, RESET], [0, 0], RETIRED);

    #[test]
    fn order_leaves_no_trace() {
        assert_eq!(mixed(1, 7, &[RESET, COUNTED], [0, 0], &["hidden", "shown"]), FOLD);
        let turned = EventType { aliases: &["plus", "added"], ..COUNTED };
        assert_eq!(mixed(1, 7, &[turned, RESET], [0, 0], RETIRED), FOLD);
    }

    #[test]
    fn each_part_is_told_from_the_others() {
        let events = [COUNTED, RESET];
        let changed = |event: EventType| mixed(1, 7, &[event, RESET], [0, 0], RETIRED);
        let integer = Fingerprint::of_leaf(&Shape::Integer { signed: true, bits: 64 });
        let mut folds = vec![
            FOLD,
            mixed(2, 7, &events, [0, 0], RETIRED),
            mixed(1, 8, &events, [0, 0], RETIRED),
            mixed(7, 1, &events, [0, 0], RETIRED),
            mixed(1, 7, &[COUNTED], [0, 0], RETIRED),
            mixed(1, 7, &events, [0, 1], RETIRED),
            mixed(1, 7, &[RESET, COUNTED], [0, 1], RETIRED),
            mixed(1, 7, &events, [0, 2], RETIRED),
            mixed(1, 7, &events, [1, 0], RETIRED),
            mixed(1, 7, &events, [1, 1], RETIRED),
            mixed(1, 7, &events, [2, 0], RETIRED),
            mixed(1, 7, &events, [0, 0], &["shown"]),
            mixed(1, 7, &events, [0, 0], &[]),
            changed(EventType { name: "count", ..COUNTED }),
            changed(EventType { version: 2, ..COUNTED }),
            changed(EventType { aliases: &["plus"], ..COUNTED }),
            changed(EventType { fingerprint: integer, ..COUNTED }),
            changed(EventType { merges: &[RESET], ..COUNTED }),
            changed(EventType { merges: &[EventType { version: 2, ..RESET }], ..COUNTED }),
        ];
        let made = folds.len();
        folds.sort_unstable();
        folds.dedup();
        assert_eq!(folds.len(), made);
    }
}
