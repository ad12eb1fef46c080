//! Locks under a name that an event had before.

use esrs_lock::file::entry;
use esrs_lock::outline::CompareRoom;

use super::check::{Both, ShapeNow, differs};
use super::message::Message;
use crate::schema::{ShapeVersion, is_unknown};

/// Fails to compile, at the place of the call, when a version that is locked under `alias` cannot be read by
/// the event of this history, which the user calls `ident`: it has no such version, or it has another
/// shape there. A version that is newer than the event is told of where the event is listed.
#[track_caller]
pub const fn alias_changed(
    history: &'static ShapeVersion,
    version: u32,
    fingerprints: &[u64],
    (alias, ident): (&str, &str),
    lock: &str,
) {
    if is_unknown(history.shape()) || history.version() < version {
        return;
    }
    let mut text = Message::new().say("version ");
    text.push_number(version as u64);
    let text = text.say(" of \"").say(alias).say("\" is locked, which ").quote(ident);
    let Some(now) = at(history, version) else {
        let text = text.say(
            " was stored as before, and nothing decodes it: bring the struct of that version back, \
             `from = …`, or declare its history",
        );
        panic!("{}", text.as_str())
    };
    let mut i = 0;
    while i < fingerprints.len() {
        if fingerprints[i] == now.fingerprint().to_u64() {
            return;
        }
        i += 1;
    }
    let (mut outline, mut room) = (ShapeNow::of_shape(now.shape()), CompareRoom::new());
    let both = Both::new(entry(lock.as_bytes(), version), &mut outline, &mut room);
    let Some(change) = &both.change else { return };
    if change.rule.is_compatible() {
        return;
    }
    let mut text =
        text.say(" was stored as before, and its version of that number has another shape: ");
    differs(&mut text, now.shape(), change, &both);
    text.push(
        "\neither: give each version the number that it had under the old name, and make the change in a \
         version behind them\nor:     if it is another event, drop the alias, keep the old one, and write \
         `merges(…)` with an `Upcast` from it",
    );
    panic!("{}", text.as_str())
}

const fn at(history: &'static ShapeVersion, version: u32) -> Option<&'static ShapeVersion> {
    let mut found = Some(history);
    while let Some(one) = found {
        if one.version() == version {
            return found;
        }
        found = one.previous();
    }
    None
}
