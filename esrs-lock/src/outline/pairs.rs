//! The lines of a lock and those of a shape as it is, paired by their paths.

use super::lines::{Lines, MAX_LINES, Room, SLOTS};
use super::span::{NONE, Span, plain_length, some};

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
    /// Parses the entry of a lock next to the outline of a shape. Most lines are the same and in the same
    /// order, so each is first compared with the one that is expected next.
    pub(super) const fn new(locked: &'a [u8], now: Lines<'a>, room: PairsRoom<'a>) -> Self {
        let PairsRoom { locked: lines, peers, then, differs } = room;
        let mut pairs = Self { locked: Lines::none(locked, lines), now, peers, then, differs };
        let (mut rest, mut expected) = (locked, 0);
        let mut expected_rest = pairs.now.text();
        let mut sought = 0;
        while pairs.locked.is_line(locked.len() - rest.len()) {
            let (at, begins) = (pairs.locked.count(), locked.len() - rest.len());
            let above = if expected < pairs.now.count() { pairs.above_as(expected) } else { None };
            if let Some(above) = above
                && let Some((behind, expected_behind)) =
                    behind_equal(rest, expected_rest, pairs.now.width(expected))
            {
                pairs.locked.parse_like(begins, &pairs.now, expected, above);
                pairs.pair(at, expected);
                (rest, expected_rest) = (behind, expected_behind);
                expected += 1;
                continue;
            }
            pairs.differs[at] = true;
            let (is_of_path, end) = match above {
                Some(Some(above)) => pairs.parse_beside(rest, expected_rest, expected, above),
                _ => (false, pairs.locked.parse(begins)),
            };
            rest = behind(rest, end - begins);
            if is_of_path {
                pairs.pair(at, expected);
                expected_rest = behind(expected_rest, pairs.now.width(expected));
                expected += 1;
                continue;
            }
            sought += 1;
            if sought > FEW {
                pairs.now.index();
            }
            if let Some(peer) = pairs.find_peer(at) {
                pairs.pair(at, peer);
                expected = peer + 1;
                expected_rest = pairs.now.behind(peer);
            }
        }
        pairs.spread();
        // Without an alias, a line that has no pair has no other part either, nor has what is below it.
        if pairs.has_open_alias() {
            pairs.locked.index();
            pairs.now.index();
        }
        pairs
    }

    /// Parses a locked line that is not written as the expected one, a part of `above`. Most have its path, or
    /// are another part of the same, so that is known without a look at all lines above. Returns true if it has
    /// the path, and where the next line begins.
    const fn parse_beside(
        &mut self,
        rest: &[u8],
        expected_rest: &[u8],
        expected: usize,
        above: usize,
    ) -> (bool, usize) {
        let begins = self.locked.text().len() - rest.len();
        let Some((rest, expected_rest)) =
            behind_equal(rest, expected_rest, self.now.width_above(expected))
        else {
            return (false, self.locked.parse(begins));
        };
        if let Some((rest, _)) = behind_equal(rest, expected_rest, self.now.width_of_step(expected))
            && let [b'/' | b'?' | b'!' | b':' | b'\n' | b'\r', ..] | [] = rest
        {
            let end = self.locked.parse_of_path(begins, &self.now, expected, above);
            return (true, end);
        }
        let plain = match rest {
            [b'.' | b'|', name @ ..] => plain_length(name),
            [b'[' | b'{' | b'<', ..] => 0,
            _ => return (false, self.locked.parse(begins)),
        };
        let width = self.now.width_above(expected);
        (false, self.locked.parse_part(begins, width, above, plain))
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

    /// The parent of a locked line that is written as this one now; `None` if that is not known.
    const fn above_as(&self, now: usize) -> Option<Option<usize>> {
        match self.now.above(now) {
            Some(above) => match self.locked_of(above) {
                Some(locked) => Some(Some(locked)),
                None => None,
            },
            None if now == 0 && self.locked.count() == 0 => Some(None),
            None => None,
        }
    }

    const fn find_peer(&self, at: usize) -> Option<usize> {
        match self.locked.above(at) {
            Some(above) => {
                let Some(parent) = self.now_of(above) else { return None };
                match self.now.named_as_of(parent, &self.locked, at) {
                    // Fields of several flattened types have one name.
                    Some(peer) if self.locked_of(peer).is_some() => None,
                    peer => peer,
                }
            }
            None if at == 0 && self.now.count() > 0 => Some(0),
            None => None,
        }
    }

    /// Returns true if a line that has no pair is read by other names too.
    const fn has_open_alias(&self) -> bool {
        let mut at = 0;
        while at < self.locked.count() {
            if self.peers[at] == NONE && self.locked.has_aliases(at) {
                return true;
            }
            at += 1;
        }
        let mut at = 0;
        while at < self.now.count() {
            if self.then[at] == NONE && self.now.has_aliases(at) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Spreads differences to all that is above them.
    const fn spread(&mut self) {
        let mut at = 0;
        while at < self.now.count() {
            if self.then[at] == NONE
                && let Some(above) = self.now.above(at)
                && let Some(locked) = self.locked_of(above)
            {
                self.differs[locked] = true;
            }
            at += 1;
        }
        let mut at = self.locked.count();
        while at > 0 {
            at -= 1;
            if self.differs[at]
                && let Some(above) = self.locked.above(at)
            {
                self.differs[above] = true;
            }
        }
    }
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

/// The text behind so many bytes, or behind all of it.
const fn behind(text: &[u8], length: usize) -> &[u8] {
    let (mut rest, mut left) = (text, length);
    while left >= 16
        && let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 16);
    }
    while left >= 4
        && let [_, _, _, _, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 4);
    }
    while left > 0
        && let [_, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 1);
    }
    rest
}

/// The rests of two texts behind so many bytes that are equal, compared by eight: const evaluation is
/// slow at each turn of a loop, and takes bytes faster by value than by reference.
const fn behind_equal<'x, 'y>(
    one: &'x [u8],
    other: &'y [u8],
    length: usize,
) -> Option<(&'x [u8], &'y [u8])> {
    let (mut one, mut other, mut left) = (one, other, length);
    while left >= 8 {
        let [a, b, c, d, e, f, g, h, ref behind @ ..] = *one else { return None };
        let [i, j, k, l, m, n, o, p, ref other_behind @ ..] = *other else { return None };
        if a != i || b != j || c != k || d != l || e != m || f != n || g != o || h != p {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 8);
    }
    if left >= 4 {
        let [a, b, c, d, ref behind @ ..] = *one else { return None };
        let [e, f, g, h, ref other_behind @ ..] = *other else { return None };
        if a != e || b != f || c != g || d != h {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 4);
    }
    while left > 0 {
        let [a, ref behind @ ..] = *one else { return None };
        let [b, ref other_behind @ ..] = *other else { return None };
        if a != b {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 1);
    }
    Some((one, other))
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
