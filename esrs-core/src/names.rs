//! That a stored name means one event of an aggregate, asked in const evaluation.

use crate::EventType;

/// Whether two names are the same.
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
            .say("\", which `retired(…)` lists: take it out of `retired(…)`, or the event out of `events(…)`"),
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
    panic!("{}", sentence.text())
}

/// What is said when two listed events share a name, and one of them merges the event of that name.
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
        .say(" out of the list, because what became another event is emitted no more; or do not merge it")
}

/// Fails to compile, at the place of the call, when the event type in this place among those that
/// `event` merges has a name of `event` itself, or of one that it merges too and names earlier;
/// `written` is what the user calls them, the event itself last.
#[track_caller]
pub const fn merge_clash(event: &EventType, place: usize, written: &[&str]) {
    let merged = &event.merges[place];
    let of_itself = EventType { merges: &[], ..*event };
    if let Some(name) = shared_name(&of_itself, merged) {
        let sentence = Sentence::new()
            .quote(written[written.len() - 1])
            .say(" answers to the stored name \"")
            .say(name)
            .say("\" itself, as ")
            .quote(written[place])
            .say(
                " does: `merges(…)` lists events of other names; what was stored under this one is \
                 read by `from`, which names the version before, or by `aliases(…)`",
            );
        panic!("{}", sentence.text());
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
            panic!("{}", sentence.text());
        }
        earlier += 1;
    }
}

/// Whether all that `previous` merges is merged by `event` too.
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
    let mut i = 0;
    while i < event.aliases.len() {
        if same_name(event.aliases[i], name) {
            return true;
        }
        i += 1;
    }
    same_name(event.name, name) || merges(event, name)
}

/// Whether the name is that of an event which became this one.
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

/// A sentence that is put together in const evaluation; what does not fit is left out.
struct Sentence {
    bytes: [u8; 1024],
    length: usize,
}

impl Sentence {
    const fn new() -> Self {
        Self { bytes: [0; 1024], length: 0 }
    }

    const fn say(mut self, words: &str) -> Self {
        let words = words.as_bytes();
        let mut i = 0;
        while i < words.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = words[i];
            self.length += 1;
            i += 1;
        }
        self
    }

    const fn quote(self, name: &str) -> Self {
        self.say("`").say(name).say("`")
    }

    const fn text(&self) -> &str {
        let said = self.bytes.split_at(self.length).0;
        match std::str::from_utf8(said) {
            Ok(text) => text,
            // The last letter was cut in two.
            Err(error) => match std::str::from_utf8(said.split_at(error.valid_up_to()).0) {
                Ok(text) => text,
                Err(_) => "two events answer to one stored name",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_does_not_fit_is_cut_between_two_letters() {
        let long = "x".repeat(1022);
        assert_eq!(Sentence::new().say(&long).say("…").text(), long);
        assert_eq!(Sentence::new().say("a").quote("b").text(), "a`b`");
    }
}
