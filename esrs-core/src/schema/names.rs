//! A check in const evaluation that a stored name means one event of an aggregate.

use esrs_lock::text::ConstText;
use esrs_lock::told;

use super::Shape;
use super::derived::is_unknown;
use super::event_type::EventType;
use crate::schema::lock::{id_text, is_id_kept};

type Sentence = ConstText<1024>;

/// Returns true if two names are the same.
pub(crate) const fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The first event type, by its place in the list, that has a name or an alias which an earlier one
/// has too, or which is retired; the length of the list when there is none.
pub const fn first_clash(events: &[EventType], retired: &[&str]) -> usize {
    let mut later = 0;
    while later < events.len() {
        if clash(events, retired, later).is_some() {
            return later;
        }
        later += 1;
    }
    events.len()
}

/// Fails to compile, at the place of the call, with a sentence about the event type that
/// [`first_clash`] found; `written` is what the user calls each of them.
#[track_caller]
pub const fn name_clash(events: &[EventType], retired: &[&str], later: usize, written: &[&str]) {
    let Some((earlier, name)) = clash(events, retired, later) else { return };
    let sentence = Sentence::new().quote(written[later]);
    let sentence = match earlier {
        None => sentence
            .say(" answers to the stored name \"")
            .say(name)
            .say("\", which `retired(…)` lists\neither: take the name out of `retired(…)`\nor:     if such events are to be skipped, take it out of ")
            .say(wherever(&events[later], name)),
        Some(earlier) if is_other_version(&events[earlier], &events[later]) => sentence
            .say(" and ")
            .quote(written[earlier])
            .say(" are versions of one event, \"")
            .say(name)
            .say("\": list the newest of them alone, which reads what the older ones stored"),
        Some(earlier) if merges(&events[later], name) || merges(&events[earlier], name) => {
            merged_and_listed(events, later, earlier, written, name)
        }
        Some(earlier) => sentence
            .say(" answers to the stored name \"")
            .say(name)
            .say("\", as ")
            .quote(written[earlier])
            .say(" does: a stored name means one event, so give it another, or drop the alias"),
    };
    panic!("{}", sentence.as_str())
}

/// Finds what gives an event a name that is retired too.
const fn wherever(event: &EventType, name: &str) -> &'static str {
    if merges(event, name) {
        "the `merges(…)` of the event"
    } else if same_name(event.name, name) {
        "`events(…)`"
    } else {
        "the `aliases(…)` of the event"
    }
}

/// Writes the message when two listed events share a name, and one of them merges the event of that name.
const fn merged_and_listed(
    events: &[EventType],
    later: usize,
    earlier: usize,
    written: &[&str],
    name: &str,
) -> Sentence {
    let (heir, other) =
        if merges(&events[later], name) { (later, earlier) } else { (earlier, later) };
    let sentence = Sentence::new().quote(written[heir]).say(" merges \"").say(name);
    if merges(&events[other], name) {
        return sentence
            .say("\", as ")
            .quote(written[other])
            .say(" does: what is stored becomes one event, so let one of them merge it");
    }
    sentence
        .say("\", to which ")
        .quote(written[other])
        .say(" answers: take ")
        .quote(written[other])
        .say(" out of the list, because what became another event is no longer emitted; or do not merge it")
}

/// Fails to compile, at the place of the call, when the event type in this place among those that
/// `event` merges has a name of `event` itself, or of one that it merges too and names earlier;
/// `written` is what the user calls them, the event itself last.
#[track_caller]
pub const fn merge_clash(event: &EventType, place: usize, written: &[&str]) {
    // Of events that merge each other, none is known.
    if event.merges.is_empty() {
        return;
    }
    let merged = &event.merges[place];
    let of_itself = EventType { merges: &[], ..*event };
    if let Some(name) = shared_name(&of_itself, merged) {
        let sentence = Sentence::new()
            .quote(written[written.len() - 1])
            .say(" answers to the stored name \"")
            .say(name)
            .say("\" itself, as ")
            .quote(written[place])
            .say(" does, and `merges(…)` lists events of other names\neither: ");
        let sentence = match same_name(event.name, name) {
            true => sentence
                .say("if that is an older version, take it out of `merges(…)`, and write `from = ")
                .say(written[place])
                .say("` on the version after it"),
            false => sentence.say("drop `aliases(\"").say(name).say("\")`"),
        };
        let sentence =
            sentence.say("\nor:     take ").quote(written[place]).say(" out of `merges(…)`");
        panic!("{}", sentence.as_str());
    }
    let mut earlier = 0;
    while earlier < place {
        if let Some(name) = shared_name(&event.merges[earlier], merged) {
            let sentence = Sentence::new()
                .quote(written[place])
                .say(" answers to the stored name \"")
                .say(name)
                .say("\", as ")
                .quote(written[earlier])
                .say(" does: merge the newest of them alone, which reads what the other stored");
            panic!("{}", sentence.as_str());
        }
        earlier += 1;
    }
}

/// Returns true if one of the events that the event of this name merges, each told by the names that it
/// merges itself, merges it in turn.
pub const fn merge_each_other(name: &str, merged: &[&[&str]]) -> bool {
    let mut i = 0;
    while i < merged.len() {
        if is_among(name, merged[i]) {
            return true;
        }
        i += 1;
    }
    false
}

/// Fails to compile, at the place of the call, when an event and one that it merges merge each other; of
/// the two, it is said once. `written` is what the user calls them.
#[track_caller]
pub const fn no_merge_in_turn(name: &str, merged: (&str, &[&str]), written: (&str, &str)) {
    if !is_among(name, merged.1) || !is_before(name, merged.0) {
        return;
    }
    let sentence = Sentence::new().quote(written.0).say(" and ").quote(written.1).say(
        " merge each other, so neither is what the other became: let the one that is emitted \
             today merge the other",
    );
    panic!("{}", sentence.as_str());
}

/// Returns true if all that `previous` merges is merged by `event` too.
pub(crate) const fn merges_all(event: &EventType, previous: &EventType) -> bool {
    let mut i = 0;
    while i < previous.merges.len() {
        if !merges(event, previous.merges[i].name) {
            return false;
        }
        i += 1;
    }
    true
}

/// The stored name that an event type shares, and the earlier one it shares it with; `None` there
/// for a name that is retired.
const fn clash<'a>(
    events: &[EventType],
    retired: &[&'a str],
    later: usize,
) -> Option<(Option<usize>, &'a str)> {
    let mut earlier = 0;
    while earlier < later {
        if let Some(name) = shared_name(&events[earlier], &events[later]) {
            return Some((Some(earlier), name));
        }
        earlier += 1;
    }
    let mut i = 0;
    while i < retired.len() {
        if has_name(&events[later], retired[i]) {
            return Some((None, retired[i]));
        }
        i += 1;
    }
    None
}

/// The first of the names that an aggregate is locked with which it does not answer to any more; the
/// length of the list when there is none.
pub const fn first_dropped(events: &[EventType], retired: &[&str], locked: &[&str]) -> usize {
    // What an event with a mistake in it reads is not known, and one mistake is reported once.
    if any_unknown(events) {
        return locked.len();
    }
    let mut i = 0;
    while i < locked.len() && is_read(events, retired, locked[i]) {
        i += 1;
    }
    i
}

/// Returns true if an aggregate answers to all of these names, as one does that was locked with another
/// name of its own.
pub const fn reads_all(events: &[EventType], retired: &[&str], locked: &[&str]) -> bool {
    !any_unknown(events) && first_dropped(events, retired, locked) == locked.len()
}

const fn any_unknown(events: &[EventType]) -> bool {
    let mut i = 0;
    while i < events.len() {
        if is_unknown(events[i].shape) || any_unknown(events[i].merges) {
            return true;
        }
        i += 1;
    }
    false
}

/// Fails to compile, at the place of the call, with a sentence about the name that [`first_dropped`]
/// found; `aggregate` is what the user calls it.
#[track_caller]
pub const fn name_dropped(aggregate: &str, name: &str) {
    let sentence = Sentence::new()
        .say("events may be stored as \"")
        .say(name)
        .say("\", and nothing in ")
        .quote(aggregate)
        .say(" reads them\neither: list their event in `events(…)`\nor:     if it has another name now, write `aliases(\"")
        .say(name)
        .say("\")` in its `#[event(…)]`\nor:     if they are to be skipped, now and for ever, write `retired(\"")
        .say(name)
        .say("\")` beside `events(…)`");
    panic!("{}", sentence.as_str())
}

/// Fails to compile, at the place of the call, when a version of an event is locked that is newer than
/// the event.
#[track_caller]
pub const fn not_older_than_lock(event: &EventType, written: &str) {
    if event.locked_up_to <= event.version {
        return;
    }
    let mut sentence = Sentence::new().quote(written).say(" is version ");
    sentence.push_number(event.version as u64);
    sentence.push(" of \"");
    sentence.push(event.name);
    sentence.push("\", and version ");
    sentence.push_number(event.locked_up_to as u64);
    sentence.push(" is locked, so it may be stored: list the struct of version ");
    sentence.push_number(event.locked_up_to as u64);
    sentence.push(" here, and restore it if it was deleted");
    panic!("{}", sentence.as_str())
}

/// Fails to compile, at the place of the call, when an event that a target's aggregate lists is of another
/// crate or target, and is locked in this one, by one of `names`: it is not held to that lock.
#[track_caller]
pub const fn held_elsewhere(
    event: &EventType,
    home: u64,
    names: &[&str],
    folder: &str,
    written: &str,
) {
    if event.home == 0 || event.home == home {
        return;
    }
    let mut i = 0;
    while i < names.len() {
        if same_name(names[i], event.name) || is_among(names[i], event.aliases) {
            let sentence = Sentence::new()
                .quote(written)
                .say(" is declared in another crate or target, and its name \"")
                .say(names[i])
                .say("\" is locked in `")
                .say(folder)
                .say("`, which it is not held to: move that lock to where the event is, below its `schema/events`, and run `cargo esrs lock --workspace`");
            panic!("{}", sentence.as_str())
        }
        i += 1;
    }
}

/// Fails to compile, at the place of the call, when the ids of an aggregate are written in another way than
/// those that are locked; `aggregate` is what the user calls it.
#[track_caller]
pub const fn id_is_locked(aggregate: &str, id: Option<&'static Shape>, locked: &str) {
    let text = id_text(id);
    let now = match &text {
        Some(text) => text.as_str(),
        None => "",
    };
    if same_name(now, locked) {
        return;
    }
    let sentence = Sentence::new()
        .say("the streams of ")
        .quote(aggregate)
        .say(" are stored by ids of the type `")
        .say(locked)
        .say("`, and its `id` is ");
    let sentence = match text.is_some() {
        true => sentence.say("`").say(now).say("` here"),
        false => sentence.say("of a type without a `Schema` here"),
    };
    let sentence = match text.is_some() && is_id_kept(locked, now) {
        true => sentence.say(
            ": each stored id is read as it was\neither: put it back\nor:     keep it, and run `cargo esrs lock`",
        ),
        false => sentence.say(
            ": streams that are stored would not be found any more\neither: put it back\n\
             or:     if the text of each id is the same, derive `Id` for a newtype around the type that it was",
        ),
    };
    panic!("{}", sentence.as_str())
}

/// Fails to compile, in the lock mode of `cargo esrs`, with the names that must be locked of an
/// aggregate.
pub const fn tell_aggregate(
    name: &str,
    id: Option<&'static Shape>,
    events: &[EventType],
    retired: &[&str],
    home: u64,
) {
    let mut text = ConstText::<{ 48 * 1024 }>::new().say(told::PREFIX).say(told::AGGREGATE);
    text.push("\n");
    text.push(name);
    if let Some(id) = id_text(id) {
        text.push("\n");
        text.push(told::ID);
        text.push(" ");
        text.push_bytes(id.as_bytes());
    }
    push_names(&mut text, events);
    push_lines(&mut text, told::RETIRED, retired);
    let mut i = 0;
    while i < events.len() {
        if events[i].home != 0 && events[i].home != home && events[i].locked_up_to == 0 {
            push_lines(&mut text, told::UNLOCKED, &[events[i].name]);
        }
        i += 1;
    }
    if text.is_cut() {
        panic!("{}", told::SHAPE_TOO_LONG)
    }
    panic!("{}", text.as_str())
}

/// Fails to compile, in the lock mode of `cargo esrs`, with the table of a projection.
pub const fn tell_projection(table: &str) {
    let text = ConstText::<512>::new().say(told::PREFIX).say(told::PROJECTION);
    panic!("{}", text.say("\n").say(table).as_str())
}

const fn push_names<const N: usize>(text: &mut ConstText<N>, events: &[EventType]) {
    let mut i = 0;
    while i < events.len() {
        push_lines(text, told::READS, &[events[i].name]);
        push_lines(text, told::READS, events[i].aliases);
        push_names(text, events[i].merges);
        i += 1;
    }
}

const fn push_lines<const N: usize>(text: &mut ConstText<N>, what: &str, names: &[&str]) {
    let mut i = 0;
    while i < names.len() {
        text.push("\n");
        text.push(what);
        text.push(" ");
        text.push(names[i]);
        i += 1;
    }
}

const fn is_among(name: &str, names: &[&str]) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same_name(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

/// Returns true if a name comes before another.
const fn is_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

const fn is_read(events: &[EventType], retired: &[&str], name: &str) -> bool {
    let mut i = 0;
    while i < events.len() {
        if has_name(&events[i], name) {
            return true;
        }
        i += 1;
    }
    is_among(name, retired)
}

const fn shared_name(a: &EventType, b: &EventType) -> Option<&'static str> {
    if has_name(a, b.name) {
        return Some(b.name);
    }
    let mut i = 0;
    while i < b.aliases.len() {
        if has_name(a, b.aliases[i]) {
            return Some(b.aliases[i]);
        }
        i += 1;
    }
    i = 0;
    while i < b.merges.len() {
        if let Some(name) = shared_name(a, &b.merges[i]) {
            return Some(name);
        }
        i += 1;
    }
    None
}

const fn has_name(event: &EventType, name: &str) -> bool {
    is_among(name, event.aliases) || same_name(event.name, name) || merges(event, name)
}

/// Returns true if the name is that of an event which became this one.
const fn merges(event: &EventType, name: &str) -> bool {
    let mut i = 0;
    while i < event.merges.len() {
        if has_name(&event.merges[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

const fn is_other_version(a: &EventType, b: &EventType) -> bool {
    same_name(a.name, b.name) && a.version != b.version
}
