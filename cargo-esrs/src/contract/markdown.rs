//! The contract as a page for people.

mod changes;
mod rows;

use super::{Contract, Event, Version};
use crate::say::lines;
use changes::Rows;
use rows::{Presence, Row, rows};

/// The page of a contract.
pub(crate) fn markdown(contract: &Contract) -> String {
    let mut page = format!(
        "# Events of {}\n\nWhat is stored, and may be read by programs in any language. Written by \
         `cargo esrs schema`, from the locks of the events.\n",
        contract.title
    );
    for aggregate in &contract.aggregates {
        page.push_str(&format!("\n## Aggregate `{}`\n\n", aggregate.name));
        let (events, names) = aggregate.split(contract);
        for event in events {
            page.push_str(&format!("- [`{}`](#{})\n", event.name, anchor(&event.name)));
        }
        for name in names {
            page.push_str(&format!("- `{name}`, of which no shape is locked here\n"));
        }
    }
    page.push_str("\n## Events\n");
    contract.events.iter().for_each(|event| page.push_str(&section(event)));
    page.push_str(LEGEND);
    // It is read in a terminal and in a review, where a name must not pass for another.
    lines(page)
}

const LEGEND: &str = "
## How to read this page
A field is named by its way into the payload: `a.b` is the field `b` of the object in the field `a`, \
`a[]` each item of a list, `a[0]` the first place of an array, `a.*` each value of a map, and `a(kind = \
card).b` the field `b` that is there when the field `kind` of `a` says `card`. `i64` is a whole number of \
64 bits, `u64` one that is not below zero, and `f64` a number with a fraction; `uuid`, `timestamp` and \
their like are texts in that format. A reader skips fields that \
it does not know, where nothing else is said.
";

fn section(event: &Event) -> String {
    let befores = std::iter::once(None).chain(event.versions.iter().map(Some));
    let versions = event.versions.iter().zip(befores);
    let mut text = format!("\n### `{}`\n", event.name);
    // People look for the newest.
    for (version, before) in versions.collect::<Vec<_>>().into_iter().rev() {
        text.push_str(&version_section(version, before));
    }
    text
}

fn version_section(version: &Version, before: Option<&Version>) -> String {
    let mut text = format!("\n#### Version {}\n\n", version.number);
    let Some((newest, older)) = version.shapes.split_last() else { return text };
    if !older.is_empty() {
        text.push_str(
            "It grew while it was in use: old payloads may lack fields, or have them under names that \
             they are also read by.\n\n",
        );
    }
    let now = rows(newest);
    let then =
        before.and_then(|before| before.shapes.last().map(|last| (before.number, rows(last))));
    let then = then.as_ref().map(|(number, rows)| (*number, Rows::of(rows)));
    match now.is_empty() {
        true => text.push_str("An object without a field.\n"),
        false => table(&mut text, then.as_ref(), &now),
    }
    let gone: Vec<_> = match &then {
        Some((_, then)) => then.gone(&Rows::of(&now)).into_iter().map(code).collect(),
        None => Vec::new(),
    };
    if !gone.is_empty() {
        text.push_str(&format!("\nGone: {}.\n", gone.join(", ")));
    }
    text
}

fn table(text: &mut String, then: Option<&(u32, Rows<'_>)>, now: &[Row]) {
    let mut head = vec!["field".to_owned(), "type".to_owned(), "may be absent".to_owned()];
    head.extend(then.map(|(number, _)| format!("since version {number}")));
    line(text, &head);
    line(text, &vec!["---".to_owned(); head.len()]);
    for row in now {
        let absent = match row.presence {
            Presence::Required => "",
            Presence::Optional => "yes",
            Presence::OfVariant => "by variant",
        };
        let mut cells = vec![code(row.path.as_str()), row.kind.clone(), absent.to_owned()];
        cells.extend(then.map(|(_, then)| then.change(row)));
        line(text, &cells);
    }
}

/// Writes a line of a table; a `|` within a cell would end it, in code too.
fn line(text: &mut String, cells: &[String]) {
    for cell in cells {
        text.push_str(&format!("| {} ", cell.replace('|', "\\|")));
    }
    text.push_str("|\n");
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Returns the anchor that a renderer of Markdown gives the heading of an event.
fn anchor(name: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
    name.to_lowercase().chars().filter(is_kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}
