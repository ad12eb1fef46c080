//! Payloads, made up from what a lock tells of their shape.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::leaf::{Leaf, any_members, object, quoted};
use super::plan::{Choice, Kept, Kind, Member, Missing, Part, Planner};
use crate::schema::lock::tree::{Tag, Tree};

/// The length of a payload at which it is brought to an end.
const ENOUGH: usize = 8 * 1024;

/// The members of an object, their names in quotes.
type Members = Vec<(String, String)>;

/// Payloads of a locked shape, the same ones every time: an endless iterator over their JSON.
///
/// First comes what is at an edge: each variant, each alias, numbers as small and as large as they
/// may be, texts that are empty, long, or full of escapes, what may be absent and what may be null, no
/// item and several. The fields of an object come in any order.
///
/// ```
/// use esrs_core::schema::lock::tree::Tree;
/// use esrs_core::samples::Samples;
///
/// let tree = Tree::parse(&["struct", ".cents: i64", ".note?: string?"])?;
/// let mut cents = Samples::new(&tree, 1)?.take(20).map(|payload| {
///     serde_json::from_str::<serde_json::Value>(&payload).unwrap()["cents"].clone()
/// });
/// assert!(cents.any(|cents| cents == i64::MIN));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Samples {
    part: Part,
    turns: Vec<Turns>,
    dice: Dice,
    /// About how much was written of this payload.
    written: usize,
    narrow: Vec<String>,
}

/// The choices made at one place.
#[derive(Debug, Clone, Copy, Default)]
struct Turns {
    taken: usize,
    of: usize,
}

impl Samples {
    /// Payloads of this shape; others by another seed.
    ///
    /// # Errors
    /// [`Missing`] when a part that has to be there cannot be made up, because it is `opaque`.
    pub fn new(tree: &Tree, seed: u64) -> Result<Self, Missing> {
        Self::with_kept(tree, seed, &Kept::new(), &BTreeSet::new())
    }

    /// The same, with values of parts that cannot be made up, or only narrower than their shape.
    pub(super) fn with_kept(
        tree: &Tree,
        seed: u64,
        kept: &Kept,
        narrow: &BTreeSet<String>,
    ) -> Result<Self, Missing> {
        let mut planner = Planner { kept, narrow, count: 0, met: Vec::new() };
        let part = planner.part(tree, "");
        let turns = vec![Turns::default(); planner.count];
        let narrow = planner.met;
        match part.missing() {
            Some(missing) => Err(missing.clone()),
            None => Ok(Self { part, turns, dice: Dice::new(seed), written: 0, narrow }),
        }
    }

    /// The paths of parts that are narrower than their shape.
    pub(super) fn narrow(self) -> Vec<String> {
        self.narrow
    }

    /// Returns true if all that is at an edge came, of what has come at all.
    pub(super) fn is_exhausted(&self) -> bool {
        self.turns.iter().all(|turns| turns.taken >= turns.of)
    }
}

impl Iterator for Samples {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let Self { part, turns, dice, written, .. } = self;
        *written = 0;
        Some(Writer { turns, dice, written }.value(part))
    }
}

struct Writer<'a> {
    turns: &'a mut [Turns],
    dice: &'a mut Dice,
    written: &'a mut usize,
}

impl Writer<'_> {
    /// One of so many choices, each of them in turn before any of them again.
    fn turn(&mut self, id: usize, of: usize) -> usize {
        let turns = &mut self.turns[id];
        turns.of = of;
        if turns.taken < of {
            turns.taken += 1;
            // Not all of a payload's parts are at the same edge at once.
            return (turns.taken - 1 + id) % of;
        }
        self.dice.below(of)
    }

    fn is_enough(&self) -> bool {
        *self.written > ENOUGH
    }

    fn value(&mut self, part: &Part) -> String {
        let text = match &part.kind {
            Kind::Leaf(leaf, edges) => {
                let place = self.turn(part.id, edges.len() + 1);
                edges.get(place).cloned().unwrap_or_else(|| leaf.any(self.dice))
            }
            Kind::Option(inner) => {
                let is_null = self.turn(part.id, 2) == 0 || self.is_enough();
                if is_null || inner.missing().is_some() {
                    return "null".to_owned();
                }
                return self.value(inner);
            }
            Kind::List { item, length } => {
                let many = match length {
                    Some(length) => *length,
                    None => self.many(part.id, item),
                };
                let items: Vec<_> = (0..many).map(|_| self.value(item)).collect();
                return format!("[{}]", items.join(","));
            }
            Kind::Set(item) => {
                let mut items = Vec::new();
                for _ in 0..self.many(part.id, item) {
                    let item = self.value(item);
                    // One text may be written in two ways.
                    let read = serde_json::from_str::<serde_json::Value>(&item).ok();
                    if !items.iter().any(|(_, other)| *other == read) {
                        items.push((item, read));
                    }
                }
                let items: Vec<_> = items.into_iter().map(|(item, _)| item).collect();
                return format!("[{}]", items.join(","));
            }
            Kind::Places(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item)).collect();
                return format!("[{}]", items.join(","));
            }
            Kind::Enum { tag: Tag::External, choices } => match self.choice(part.id, choices) {
                Some(Choice { name, part: None }) => name.clone(),
                Some(Choice { name, part: Some(part) }) => {
                    return object(&[(name.clone(), self.value(part))]);
                }
                None => "null".to_owned(),
            },
            Kind::Kept(values) => {
                let place = self.turn(part.id, values.len());
                values[place].clone()
            }
            _ => return object(&self.members(part)),
        };
        *self.written += text.len();
        text
    }

    fn many(&mut self, id: usize, item: &Part) -> usize {
        let many = [0, 1, 3][self.turn(id, 3)];
        if item.missing().is_some() || self.is_enough() { 0 } else { many }
    }

    fn choice<'p>(&mut self, id: usize, choices: &'p [Choice]) -> Option<&'p Choice> {
        choices.get(self.turn(id, choices.len()))
    }

    /// The members of what is written as an object.
    fn members(&mut self, part: &Part) -> Members {
        match &part.kind {
            Kind::Object(members) => self.fields(members),
            Kind::Map { key, value } => self.entries(part.id, key.as_deref(), value),
            Kind::Enum { tag, choices } => {
                let choice = self.choice(part.id, choices);
                let mut members =
                    choice.map(|choice| self.variant(tag, choice)).unwrap_or_default();
                self.reorder(&mut members);
                members
            }
            Kind::Leaf(Leaf::Any, _) => any_members(self.dice, 2),
            Kind::Kept(_) => members_of(&self.value(part)),
            _ => Members::new(),
        }
    }

    fn fields(&mut self, fields: &[Member]) -> Members {
        let mut members = Members::new();
        for field in fields {
            let names = field.names.len();
            let choices = names + usize::from(field.optional);
            let place = self.turn(field.id, choices);
            let is_left_out = field.part.missing().is_some() || self.is_enough();
            match field.names.get(place) {
                _ if field.optional && is_left_out => {}
                None => {}
                Some(_) if field.is_spread => members.extend(self.members(&field.part)),
                Some(name) => members.push((name.clone(), self.value(&field.part))),
            }
        }
        self.reorder(&mut members);
        members
    }

    fn entries(&mut self, id: usize, key: Option<&Part>, value: &Part) -> Members {
        let many = self.many(id, value);
        let mut members = Members::new();
        let Some(key) = key.filter(|key| key.missing().is_none()) else { return members };
        for _ in 0..many {
            let key = self.value(key);
            let key = if key.starts_with('"') { key } else { quoted(&key) };
            if !members.iter().any(|(taken, _)| *taken == key) {
                members.push((key, self.value(value)));
            }
        }
        members
    }

    fn variant(&mut self, tag: &Tag, Choice { name, part }: &Choice) -> Members {
        match tag {
            Tag::External => {
                let content = part.as_ref().map(|part| self.value(part));
                vec![(name.clone(), content.unwrap_or_else(|| "null".to_owned()))]
            }
            Tag::Internal { tag } => {
                let tag = quoted(tag);
                let mut members = part.as_ref().map(|part| self.members(part)).unwrap_or_default();
                // A store refuses a key like the tag; a field of that name is written, and cannot be read.
                if part.as_ref().is_some_and(|part| part.has_any_names()) {
                    members.retain(|(name, _)| *name != tag);
                }
                members.insert(0, (tag, name.clone()));
                members
            }
            Tag::Adjacent { tag, content } => {
                let mut members = vec![(quoted(tag), name.clone())];
                members.extend(part.as_ref().map(|part| (quoted(content), self.value(part))));
                members
            }
        }
    }

    /// A store may keep the members of an object in another order.
    fn reorder(&mut self, members: &mut Members) {
        if self.dice.once_in(3) {
            self.dice.shuffle(members);
        }
    }
}

/// The members of a value that was found; none when it is no object.
fn members_of(json: &str) -> Members {
    let object: serde_json::Map<_, _> = serde_json::from_str(json).unwrap_or_default();
    object.iter().map(|(name, value)| (quoted(name), value.to_string())).collect()
}
