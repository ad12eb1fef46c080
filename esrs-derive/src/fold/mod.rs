//! The code that an aggregate's state or a projection's row follows from, as far as source files show
//! it.
//!
//! A derive is given the struct alone, and what folds stands in impls; so the file is read again, and
//! where an impl is not in it, the other files of the target. What cannot be found is a compile error,
//! unless a version is declared, which then tells one fold from another.

mod files;
pub(crate) mod hash;
mod scan;

use std::collections::HashSet;

use syn::ext::IdentExt;
use syn::{Ident, Path};

use crate::attr::aggregate::Role;
use crate::model::aggregate::Aggregate;
use crate::model::projection::{Action, Projection};
use hash::TokenHash;
use scan::{Item, Kind, Name};

/// The code that was found.
pub(crate) struct Code {
    /// A hash of it; 0 when none was found.
    pub(crate) hash: u64,
    /// The impls that were not found, by their trait and the place of their event.
    pub(crate) missing: Vec<(&'static str, usize)>,
}

/// The impls that fold: `impl Trait<Event> for Target`.
struct Wanted<'a> {
    of_trait: &'static str,
    event: String,
    /// The place of the event in the list.
    place: usize,
    target: &'a str,
}

impl Wanted<'_> {
    fn is(&self, item: &Item) -> bool {
        let Kind::Impl(found) = &item.kind else { return false };
        let is_of_trait = matches!(&found.of_trait, Some(Name::Is(name)) if name == self.of_trait);
        is_of_trait
            && found.target.may_be(|name| name == self.target)
            && found.argument.as_ref().is_some_and(|it| it.may_be(|name| name == self.event))
    }
}

/// The code that the state of an aggregate follows from: its `Apply` and the code that this names, and
/// `Upcast`, `TryUpcast` and `Split` of its events.
pub(crate) fn of_aggregate(aggregate: &Aggregate<'_>) -> Code {
    let target = aggregate.ident.unraw().to_string();
    let wanted =
        aggregate.events.iter().enumerate().filter(|(_, event)| event.role == Role::Folded);
    let wanted = wanted.filter_map(|(place, event)| {
        Some(Wanted { of_trait: "Apply", event: last(event.path)?, place, target: &target })
    });
    let events = aggregate.events.iter().filter_map(|event| last(event.path)).collect();
    code_of(aggregate.ident, &wanted.collect::<Vec<_>>(), &Root::of_aggregate(&target, events))
}

/// The code that the rows of a projection follow from: its `Create` and `Project` and the code that
/// these name, and `Upcast`, `TryUpcast` and `Split` of its events.
pub(crate) fn of_projection(projection: &Projection<'_>) -> Code {
    let target = projection.ident.unraw().to_string();
    let mut wanted = Vec::new();
    for (place, source) in projection.sources.iter().enumerate() {
        let traits: &[_] = match source.action {
            Action::Create => &["Create"],
            Action::CreateOrProject => &["Create", "Project"],
            Action::Project | Action::ProjectOrSkip => &["Project"],
            Action::Delete | Action::DeleteOrSkip => &[],
        };
        for of_trait in traits {
            if let Some(event) = last(source.path) {
                wanted.push(Wanted { of_trait, event, place, target: &target });
            }
        }
    }
    let events = projection.sources.iter().filter_map(|source| last(source.path)).collect();
    code_of(projection.ident, &wanted, &Root::of_projection(&target, events))
}

fn last(path: &Path) -> Option<String> {
    path.segments.last().map(|segment| segment.ident.unraw().to_string())
}

fn code_of(ident: &Ident, wanted: &[Wanted<'_>], root: &Root<'_>) -> Code {
    let own = files::own(ident);
    let texts: Vec<_> = own.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let read = |with_tests| texts.iter().flat_map(|text| scan::items(text, with_tests)).collect();
    let is_there = |item: &Item| matches!(&item.kind, Kind::Type { name, .. } if name == root.name);
    let mut items: Vec<Item> = read(false);
    let is_of_tests = !items.iter().any(is_there);
    if is_of_tests {
        items = read(true);
    }
    let types: Vec<_> = (0..items.len()).filter(|place| is_there(&items[*place])).collect();
    let own_type = match (types.as_slice(), texts.as_slice()) {
        ([], _) => None,
        ([only], _) => Some(*only),
        // A text that is no code may look like a type.
        (several, [text]) if scan::place_of_type(text, root.name, usize::MAX) == several.len() => {
            let place = scan::place_of_type(text, root.name, files::line(ident));
            several.get(place).copied()
        }
        _ => None,
    };
    let is_missing = |items: &[Item], one: &Wanted<'_>| {
        !items.iter().any(|item| one.is(item) && root.is_of(own_type, items, item))
    };
    let missing = |items: &[Item]| wanted.iter().filter(|one| is_missing(items, one)).count() > 0;
    if missing(&items) {
        for text in files::others(&own) {
            // To read all of each file would take long in a large crate.
            if wanted.iter().any(|one| text.contains(one.of_trait) && text.contains(one.target)) {
                let found = scan::items(&text, is_of_tests);
                if wanted.iter().any(|one| found.iter().any(|item| one.is(item))) {
                    // What stands in another file is no closer to one scope than to another.
                    let scope = items.len() + usize::MAX / 2;
                    items.extend(found.into_iter().map(|mut item| {
                        item.scope.insert(0, scope);
                        item
                    }));
                }
            }
        }
    }
    // Where a macro writes the type, it may write its impls from the same words.
    let missing = wanted.iter().filter(|one| own_type.is_some() && is_missing(&items, one));
    let missing = missing.map(|one| (one.of_trait, one.place)).collect();
    Code { hash: root.code(&items, own_type), missing }
}

/// The items that a name stands for in a scope: of several, those that are closest.
fn closest(
    items: &[Item],
    scope: &[usize],
    is_named: impl Fn(&Item) -> bool,
) -> std::vec::IntoIter<usize> {
    let distance = |item: &Item| {
        let common = item.scope.iter().zip(scope).take_while(|(a, b)| a == b).count();
        // What stands around it is closer than what stands next to that.
        (common, common == item.scope.len())
    };
    let named: Vec<_> = (0..items.len()).filter(|place| is_named(&items[*place])).collect();
    let best = named.iter().map(|place| distance(&items[*place])).max();
    let closest: Vec<_> =
        named.into_iter().filter(|place| Some(distance(&items[*place])) == best).collect();
    closest.into_iter()
}

fn is_type(item: &Item, name: &str) -> bool {
    matches!(&item.kind, Kind::Type { name: of, .. } if of == name)
}

/// The type that is folded or is a row.
struct Root<'a> {
    name: &'a str,
    /// The events, by the last names of their paths.
    events: HashSet<String>,
    /// Traits of the type itself that do not fold.
    not_of_it: &'static [&'static str],
    /// Traits that fold whatever a macro implements them for.
    of_any: &'static [&'static str],
}

/// Traits that decide, answer and tell, or that fold other types.
const ELSEWHERE: &[&str] =
    &["Handle", "Apply", "Create", "Project", "On", "EventHandler", "Debug", "MetadataKey"];

impl<'a> Root<'a> {
    fn of_aggregate(name: &'a str, events: HashSet<String>) -> Self {
        let not_of_it = &["Handle", "Create", "Project", "On", "EventHandler", "Debug", "Display"];
        Self { name, events, not_of_it, of_any: &["Apply", "Upcast", "TryUpcast", "Split"] }
    }

    fn of_projection(name: &'a str, events: HashSet<String>) -> Self {
        let not_of_it = &["Handle", "Apply", "On", "EventHandler", "Debug", "Display"];
        let of_any = &["Create", "Project", "Upcast", "TryUpcast", "Split"];
        Self { name, events, not_of_it, of_any }
    }

    /// Returns true if an item is about this type, and not about another one of its name.
    fn is_of(&self, own_type: Option<usize>, items: &[Item], item: &Item) -> bool {
        let Some(own_type) = own_type else { return true };
        closest(items, &item.scope, |one| is_type(one, self.name)).any(|place| place == own_type)
    }

    /// A hash of the items that the root reaches by name; the order in which they stand means nothing.
    fn code(&self, items: &[Item], own_type: Option<usize>) -> u64 {
        let mut reach = Reach {
            root: self,
            items,
            own_type,
            words: HashSet::new(),
            reached: vec![false; items.len()],
        };
        let scope = own_type.map(|place| items[place].scope.clone()).unwrap_or_default();
        reach.words_in(&scope, &self.events);
        if let Some(place) = own_type {
            reach.add(place);
        }
        loop {
            let next: Vec<_> = (0..items.len())
                .filter(|place| !reach.reached[*place] && reach.is_reached(&items[*place]))
                .collect();
            if next.is_empty() {
                break;
            }
            next.into_iter().for_each(|place| reach.add(place));
        }
        let reached = items.iter().enumerate().filter(|(place, _)| reach.reached[*place]);
        let is_hashed = |place: usize, item: &Item| match &item.kind {
            // The fields are told by shapes and columns.
            Kind::Type { is_known, .. } => !is_known && own_type != Some(place),
            _ => true,
        };
        let mut hashes: Vec<_> = reached
            .filter(|(place, item)| is_hashed(*place, item))
            .map(|(_, item)| item.hash)
            .collect();
        if hashes.is_empty() {
            return 0;
        }
        hashes.sort_unstable();
        let mut all = TokenHash::new();
        hashes.iter().for_each(|hash| all.write(&hash.to_le_bytes()));
        all.finish()
    }
}

/// The items that a root reaches.
struct Reach<'a> {
    root: &'a Root<'a>,
    items: &'a [Item],
    own_type: Option<usize>,
    words: HashSet<String>,
    reached: Vec<bool>,
}

impl Reach<'_> {
    fn add(&mut self, place: usize) {
        if !std::mem::replace(&mut self.reached[place], true) {
            let items = self.items;
            self.words_in(&items[place].scope, &items[place].words);
        }
    }

    /// Adds what some words stand for in a scope.
    fn words_in(&mut self, scope: &[usize], words: &HashSet<String>) {
        let items = self.items;
        for word in words {
            self.words.insert(word.clone());
            let is_named = |item: &Item| match &item.kind {
                Kind::Type { name, .. } | Kind::Named(name) => name == word,
                Kind::Impl(_) | Kind::Called => false,
            };
            closest(items, scope, is_named).for_each(|place| self.add(place));
        }
    }

    /// Returns true if an item that has no name of its own is reached.
    fn is_reached(&self, item: &Item) -> bool {
        let Self { root, items, own_type, .. } = self;
        let found = match &item.kind {
            Kind::Impl(found) => found,
            Kind::Called => {
                // The call may name the type, or the macro that it calls.
                let is_named = |word: &String| {
                    let is_macro =
                        |one: &Item| matches!(&one.kind, Kind::Named(name) if name == word);
                    closest(items, &item.scope, is_macro)
                        .any(|place| items[place].words.contains(root.name))
                };
                let is_about = item.words.contains(root.name) || item.words.iter().any(is_named);
                return is_about && root.is_of(*own_type, items, item);
            }
            Kind::Type { .. } | Kind::Named(_) => return false,
        };
        match (&found.target, &found.of_trait) {
            (Name::Is(target), of_trait) => {
                let mut types = closest(items, &item.scope, |one| is_type(one, target)).peekable();
                let is_root = target == root.name && root.is_of(*own_type, items, item);
                let is_reached = match types.peek() {
                    // It is of another file.
                    None => self.words.contains(target),
                    Some(_) => types.any(|place| self.reached[place]),
                };
                let left_out = if is_root { root.not_of_it } else { ELSEWHERE };
                let is_left_out =
                    matches!(of_trait, Some(Name::Is(name)) if left_out.contains(&&**name));
                (is_root || is_reached) && !is_left_out
            }
            (Name::Any, Some(Name::Is(of_trait))) => root.of_any.contains(&&**of_trait),
            (Name::Any, Some(Name::Any)) => false,
            (Name::Any, None) => true,
        }
    }
}

#[cfg(test)]
mod tests;
