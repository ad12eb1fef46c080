//! The lines of a lock and those of a shape as it is, paired by their paths.

use super::lines::{Lines, MAX_LINES, Room, SLOTS};
use super::scan::{behind_equal, behind_line};
use super::span::{NONE, Span, some};
use crate::file::INDENT;

/// Two outlines, each parsed once, with the lines that they have in common.
pub struct Pairs<'a> {
    /// The lines that were locked.
    pub locked: Lines<'a>,
    /// The lines of the shape as it is.
    pub now: Lines<'a>,
    /// The line of the same path now, for each that was locked.
    peers: &'a mut [u16],
    /// The line of the same path that was locked, for each that there is now.
    then: &'a mut [u16],
    /// True if a locked line differs from the one of the same path, or something below it does.
    differs: &'a mut [bool],
}

/// The memory of pairs: an array in const evaluation, and the heap of a program.
pub(super) struct PairsRoom<'a> {
    pub(super) locked: Room<'a>,
    pub(super) peers: &'a mut [u16],
    pub(super) then: &'a mut [u16],
    pub(super) differs: &'a mut [bool],
}

/// With more lines that differ, parts are found by their hash.
const FEW: usize = 4;

impl<'a> Pairs<'a> {
    /// Parses the entry of a lock next to the outline of a shape. Most lines are in the same order, so each is
    /// first compared with the one that is expected next.
    pub(super) const fn new(locked: &'a [u8], now: Lines<'a>, room: PairsRoom<'a>) -> Self {
        let PairsRoom { locked: lines, peers, then, differs } = room;
        let mut pairs = Self { locked: Lines::none(locked, lines), now, peers, then, differs };
        let (mut rest, mut expected) = (locked, pairs.expect(0, pairs.now.text()));
        let (mut sought, mut is_as_before) = (0, true);
        while pairs.locked.is_line(rest) {
            let at = pairs.locked.count;
            let found = pairs.parse(rest, &expected, is_as_before);
            let (behind, expected_rest) = match found {
                Found::Same(behind, expected_rest) => {
                    is_as_before = true;
                    (behind, expected_rest)
                }
                Found::OfPath(behind, expected_rest) => {
                    pairs.differs[at] = true;
                    is_as_before = false;
                    (behind, expected_rest)
                }
                Found::Other(behind) => {
                    pairs.differs[at] = true;
                    (rest, is_as_before) = (behind, false);
                    sought += 1;
                    if sought > FEW {
                        pairs.now.index();
                    }
                    if let Some(peer) = pairs.find_peer(at) {
                        pairs.pair(at, peer);
                        expected = pairs.expect(peer + 1, pairs.now.behind(peer));
                    }
                    continue;
                }
            };
            pairs.pair(at, expected.at);
            rest = behind;
            expected = pairs.expect(expected.at + 1, expected_rest);
        }
        pairs.spread();
        // Without an alias, a line that has no pair has no other part either, nor has what is below it.
        if pairs.has_open_alias() {
            pairs.locked.index();
            pairs.now.index();
        }
        pairs
    }

    /// The line of today that is expected next, which `rest` begins with.
    const fn expect(&self, at: usize, rest: &'a [u8]) -> Expected<'a> {
        if at >= self.now.count {
            return Expected { at, rest, above: NONE, is_known: false, path: 0, step: 0, value: 0 };
        }
        let Span { start, step, path, end, up, .. } = self.now.spans[at];
        let above = if up == NONE { NONE } else { self.then[up as usize] };
        Expected {
            at,
            rest,
            above,
            is_known: above != NONE || (at == 0 && self.locked.count == 0),
            path: (step - start) as usize + INDENT.len(),
            step: (path - step) as usize,
            value: (end - path) as usize + 1,
        }
    }

    /// Parses the locked line that `rest` begins with, next to the one that is expected: many have its path, or are
    /// another part of the same, so that is known without a look at all lines above. Lines differ where others do,
    /// so only if `is_likely_same` a line is first compared as a whole.
    const fn parse(
        &mut self,
        rest: &'a [u8],
        expected: &Expected<'a>,
        is_likely_same: bool,
    ) -> Found<'a> {
        let Expected { at: like, above, path, step, value, .. } = *expected;
        if !expected.is_known {
            return Found::Other(self.locked.parse(rest));
        }
        if is_likely_same
            && let Some((behind, expected)) = behind_equal(rest, expected.rest, path + step + value)
        {
            self.locked.parse_like(&self.now, like, above);
            return Found::Same(behind, expected);
        }
        if above == NONE {
            return Found::Other(self.locked.parse(rest));
        }
        let Some((part, expected)) = behind_equal(rest, expected.rest, path) else {
            return Found::Other(self.locked.parse(rest));
        };
        if let Some((behind_path, expected)) = behind_equal(part, expected, step)
            && let [b'/' | b'?' | b'!' | b':' | b'\n' | b'\r', ..] | [] = *behind_path
        {
            if let Some((behind, expected)) = behind_equal(behind_path, expected, value) {
                self.locked.parse_like(&self.now, like, above);
                return Found::Same(behind, expected);
            }
            let behind = self.locked.parse_of_path(rest, behind_path, &self.now, like, above);
            return Found::OfPath(behind, behind_line(expected).0);
        }
        Found::Other(self.locked.parse_part(rest, part, path, above))
    }

    /// The line of the same path now.
    pub const fn now_of(&self, locked: usize) -> Option<usize> {
        some(self.peers[locked])
    }

    /// The line of the same path that was locked.
    pub const fn locked_of(&self, now: usize) -> Option<usize> {
        some(self.then[now])
    }

    /// Returns true if a locked line and all below it are as they were.
    pub const fn is_same(&self, locked: usize) -> bool {
        !self.differs[locked]
    }

    const fn pair(&mut self, locked: usize, now: usize) {
        self.peers[locked] = now as u16;
        self.then[now] = locked as u16;
    }

    const fn find_peer(&self, at: usize) -> Option<usize> {
        let above = self.locked.spans[at].up;
        if above == NONE {
            return if at == 0 && self.now.count > 0 { Some(0) } else { None };
        }
        let parent = self.peers[above as usize];
        if parent == NONE {
            return None;
        }
        match self.now.named_as_of(parent as usize, &self.locked, at) {
            // Fields of several flattened types have one name.
            Some(peer) if self.then[peer] != NONE => None,
            peer => peer,
        }
    }

    /// Returns true if a line that has no pair is read by other names too.
    const fn has_open_alias(&self) -> bool {
        let (mut at, count) = (0, self.locked.count);
        while at < count {
            let span = &self.locked.spans[at];
            if self.peers[at] == NONE && span.aliases != span.path {
                return true;
            }
            at += 1;
        }
        let (mut at, count) = (0, self.now.count);
        while at < count {
            let span = &self.now.spans[at];
            if self.then[at] == NONE && span.aliases != span.path {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Spreads differences to all that is above them.
    const fn spread(&mut self) {
        let (mut at, count) = (0, self.now.count);
        while at < count {
            let above = self.now.spans[at].up;
            if self.then[at] == NONE && above != NONE {
                let locked = self.then[above as usize];
                if locked != NONE {
                    self.differs[locked as usize] = true;
                }
            }
            at += 1;
        }
        let mut at = self.locked.count;
        while at > 0 {
            at -= 1;
            let above = self.locked.spans[at].up;
            if self.differs[at] && above != NONE {
                self.differs[above as usize] = true;
            }
        }
    }
}

/// A line of today, and the locked line that is expected to be its pair.
struct Expected<'a> {
    at: usize,
    /// The text from the line on.
    rest: &'a [u8],
    /// The locked line that the pair is a part of.
    above: u16,
    /// True if that is known, or the line is the first.
    is_known: bool,
    /// The lengths, in bytes, of the path that the line is a part of, with its indentation; of the step that leads
    /// to it, with its name; and of what stands behind the path, with the end of the line.
    path: usize,
    step: usize,
    value: usize,
}

/// A locked line next to the one that was expected, and the text behind it.
enum Found<'a> {
    /// It is the same; and the text behind the expected one.
    Same(&'a [u8], &'a [u8]),
    /// It has the same path; and the text behind the expected one.
    OfPath(&'a [u8], &'a [u8]),
    /// It is another.
    Other(&'a [u8]),
}

/// The memory of a comparison in const evaluation.
pub struct CompareRoom {
    spans: [Span; MAX_LINES],
    slots: [u16; SLOTS],
    slots_now: [u16; SLOTS],
    peers: [u16; MAX_LINES],
    then: [u16; MAX_LINES],
    differs: [bool; MAX_LINES],
}

impl CompareRoom {
    /// Room for one comparison.
    #[allow(clippy::new_without_default, reason = "it is for const evaluation alone")]
    pub const fn new() -> Self {
        Self {
            spans: [Span::EMPTY; MAX_LINES],
            slots: [0; SLOTS],
            slots_now: [0; SLOTS],
            peers: [NONE; MAX_LINES],
            then: [NONE; MAX_LINES],
            differs: [false; MAX_LINES],
        }
    }

    /// The pairs of the entry of a lock and an outline that was just written, with so many lines.
    pub const fn pairs<'a>(
        &'a mut self,
        locked: &'a [u8],
        (now, spans_now, lines): (&'a [u8], &'a mut [Span], usize),
    ) -> Pairs<'a> {
        let Self { spans, slots, slots_now, peers, then, differs } = self;
        let now = Lines::written(now, lines, Room { spans: spans_now, slots: slots_now });
        Pairs::new(locked, now, PairsRoom { locked: Room { spans, slots }, peers, then, differs })
    }
}

impl std::fmt::Debug for CompareRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CompareRoom")
    }
}

/// The memory of the pairs of a running program.
pub struct HeapRoom {
    spans: [Vec<Span>; 2],
    slots: [Vec<u16>; 2],
    peers: [Vec<u16>; 2],
    differs: Vec<bool>,
}

impl HeapRoom {
    /// Room for outlines of so many lines.
    pub fn new(lines: usize) -> Self {
        let lines = lines.clamp(1, MAX_LINES);
        Self {
            spans: [vec![Span::EMPTY; lines], vec![Span::EMPTY; lines]],
            slots: [vec![0; SLOTS], vec![0; SLOTS]],
            peers: [vec![NONE; lines], vec![NONE; lines]],
            differs: vec![false; lines],
        }
    }

    /// The pairs of two outlines.
    pub fn pairs<'a>(&'a mut self, locked: &'a [u8], now: &'a [u8]) -> Pairs<'a> {
        let Self { spans: [spans, spans_now], slots: [slots, slots_now], .. } = self;
        let [peers, then] = &mut self.peers;
        let now = Lines::parsed(now, Room { spans: spans_now, slots: slots_now });
        let differs = &mut self.differs;
        Pairs::new(locked, now, PairsRoom { locked: Room { spans, slots }, peers, then, differs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[String], end: &str) -> String {
        lines.iter().map(|line| format!("    {line}{end}")).collect()
    }

    /// Fields of ten structs, and which of them are there in which order.
    fn outline(order: impl Iterator<Item = usize>, of_each: usize) -> Vec<String> {
        let parts = order.flat_map(|part| {
            let fields = (0..of_each).map(move |field| format!(".p{part}.f{field}: u8"));
            std::iter::once(format!(".p{part}: struct")).chain(fields)
        });
        std::iter::once("struct".to_owned()).chain(parts).collect()
    }

    fn pairs_of<'a>(then: &'a str, now: &'a str) -> Pairs<'a> {
        let lines = then.lines().count().max(now.lines().count());
        let room = Box::leak(Box::new(HeapRoom::new(lines)));
        room.pairs(then.as_bytes(), now.as_bytes())
    }

    /// The pairs are those of equal paths, and what is the same has all of it the same below.
    fn pair(locked: &[String], now: &[String], end: &str) {
        let (then, is) = (text(locked, end), text(now, "\n"));
        let pairs = pairs_of(&then, &is);
        assert_eq!(pairs.locked.count(), locked.len());
        let path = |lines: &Lines<'_>, at: usize| lines.line(at).path.as_str().to_owned();
        let below = |lines: &[String], path: &str| -> Vec<String> {
            let begins = |line: &&String| {
                line.strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':', '?']))
            };
            let mut below: Vec<_> = lines.iter().filter(begins).cloned().collect();
            below.sort();
            below
        };
        for at in 1..locked.len() {
            let of = path(&pairs.locked, at);
            let peer = (0..now.len()).find(|&peer| path(&pairs.now, peer) == of);
            assert_eq!(pairs.now_of(at), peer, "{of}");
            assert!(peer.is_none_or(|peer| pairs.locked_of(peer) == Some(at)));
            if pairs.is_same(at) {
                assert_eq!(below(locked, &of), below(now, &of), "{of}");
            }
        }
    }

    #[test]
    fn lines_are_paired_by_their_paths_wherever_they_stand() {
        let locked = outline(0..10, 3);
        let mut one_changed = locked.clone();
        one_changed[7] = one_changed[7].replace("u8", "string");
        let mut one_gone = locked.clone();
        one_gone.remove(20);
        let mut one_more = locked.clone();
        one_more.insert(13, ".p2.f2.deep: u8".to_owned());
        let reversed = outline((0..10).rev(), 3);
        let longer = outline(0..10, 5);
        let renamed: Vec<_> = locked.iter().map(|line| line.replace(".p3", ".q3")).collect();
        for now in [&locked, &one_changed, &one_gone, &one_more, &reversed, &longer, &renamed] {
            for end in ["\n", "\r\n"] {
                pair(&locked, now, end);
                pair(now, &locked, end);
            }
        }
    }

    #[test]
    fn locked_lines_are_parsed_beside_others_as_alone() {
        let heads =
            ["a: u8", "ab-c: u8", "\"x.y\": u8", "a/b?: u8", "a:  u8", ": u8", "a", "a[].b: u8"];
        let of = |head: &str| {
            text(&["struct".into(), ".p: [struct]".into(), format!(".p.{head}")], "\n")
        };
        for (then, now) in heads.iter().flat_map(|then| heads.iter().map(move |now| (then, now))) {
            let (then, now) = (of(then), of(now));
            let (mut spans, mut slots) = (vec![Span::EMPTY; 3], vec![0; SLOTS]);
            let room = Room { spans: &mut spans, slots: &mut slots };
            let alone = Lines::parsed(then.as_bytes(), room);
            assert!(pairs_of(&then, &now).locked.is_as(&alone), "{then}{now}");
        }
    }

    #[test]
    fn all_lines_are_the_same_only_as_they_were() {
        let locked = outline(0..10, 3);
        let then = text(&locked, "\n");
        let is_same = |now: &[String]| {
            let now = text(now, "\n");
            pairs_of(&then, &now).is_same(0)
        };
        assert!(is_same(&locked));
        for at in 0..locked.len() {
            let mut changed = locked.clone();
            changed[at].push('?');
            assert!(!is_same(&changed), "line {at}");
            let mut more = locked.clone();
            more.insert(at + 1, ".p9.new: u8".to_owned());
            assert!(at < 37 || !is_same(&more), "line {at}");
        }
    }
}
