//! Read models: rows that follow from events.
//!
//! A [`Projection`] is the row of a table. Everything about it is pure; what drives it is one
//! [`Pass`], which decodes the events that the projection lists, says which rows it needs, is given
//! them, and answers with what must be written. Inline (in the append's transaction), catch-up
//! (rows and checkpoint in one transaction) and live (in memory) are three callers of it.

mod column;
pub(crate) mod column_bounds;
pub(crate) mod columns;
mod json;
pub(crate) mod meaning;
pub(crate) mod parked;
mod pass;
pub(crate) mod source;
pub(crate) mod steps;
mod table;
pub(crate) mod variant;

pub use crate::log::{ColumnError, ProjectionError, RowError};
pub use column::{Column, ColumnType, Value};
#[doc(hidden)]
pub use column::{json_from_value, json_to_value, text_from_value, text_to_value};
#[doc(hidden)]
pub use json::JsonShape;
pub(crate) use meaning::{Place, each_input, filter_of};
pub use parked::Parked;
pub(crate) use pass::guarded_async;
pub use pass::{AnyPass, Pass, RowChanges, RowKey};
pub(crate) use source::SourceOf;
pub use table::{ColumnSpec, Table};

use crate::aggregate::{Aggregate, SplitEvents};
use crate::event::{Envelope, PayloadError, Recorded};
use crate::schema::{EventType, Fingerprint, StoredAs};

/// A row of a read model, and the events that create, change and delete it.
///
/// Derive it on the struct of the row; its columns are the struct's fields.
///
/// ```text
/// #[derive(Projection)]
/// #[projection(table = "account_summary", of = BankAccount,
///     creates(AccountOpened), events(MoneyDeposited), deletes(AccountClosed))]
/// pub struct AccountSummary { #[projection(key)] account_id: AccountId, owner: String, cents: i64 }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "add `#[derive(Projection)]` and `#[projection(table = \"…\", of = …, events(…))]` to the struct of its row"
)]
pub trait Projection: Sized + Send + Sync + 'static {
    /// The table of its rows.
    const TABLE: Table;
    /// The events it listens to; a decoder's number is a place in this list.
    const SOURCES: &'static [Source];
    /// A hash of the code that its rows follow from; 0 if none was found.
    #[doc(hidden)]
    const CODE: u64 = 0;
    /// The shapes of the values in its columns, in the order of the table.
    #[doc(hidden)]
    const SHAPES: &'static [Option<Fingerprint>] = &[];
    /// The shapes of its JSON columns.
    #[doc(hidden)]
    const JSON: &'static [JsonShape] = &[];
    /// The key of a row: the type of its key field, or a tuple of several.
    type Key: Clone + Send;
    /// The events it listens to, decoded.
    #[doc(hidden)]
    type Input: Send;

    /// Decodes a stored payload with decoder number `decoder`.
    ///
    /// # Errors
    /// Those of [`Event::decode`](crate::Event::decode).
    #[doc(hidden)]
    fn decode(
        decoder: usize,
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Self::Input, PayloadError>;

    /// Collects the keys of the rows that an event is about.
    ///
    /// # Errors
    /// When a stream's id is not the text of a key.
    #[doc(hidden)]
    fn keys(input: &Self::Input, keys: &mut Vec<Self::Key>) -> Result<(), RowError>;

    /// Changes a row by an event; `None` is a row that is not there.
    ///
    /// # Errors
    /// When the row is missing, or is there already.
    #[doc(hidden)]
    fn change(
        input: &Self::Input,
        key: Self::Key,
        row: Option<Self>,
    ) -> Result<Option<Self>, RowError>;

    /// The columns of a row, in the order of the table.
    ///
    /// # Errors
    /// When a value does not fit its column.
    fn to_values(&self) -> Result<Vec<Value>, ColumnError>;

    /// The row of these columns, in the order of the table.
    ///
    /// # Errors
    /// When a column does not hold what the field needs.
    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError>;

    /// Makes of the row what its columns return, so that the next event of a batch sees what it would
    /// see in a batch of its own. Adds to `stored` the values of columns, by their places, that
    /// [`to_values`](Self::to_values) may not give any more.
    ///
    /// # Errors
    /// As of [`to_values`](Self::to_values) and [`from_values`](Self::from_values).
    #[doc(hidden)]
    fn settle(&mut self, stored: &mut Vec<(usize, Value)>) -> Result<(), ColumnError> {
        let values = self.to_values()?;
        *self = Self::from_values(values.clone())?;
        stored.extend(values.into_iter().enumerate());
        Ok(())
    }

    /// Returns true if the key columns of the row are these.
    ///
    /// # Errors
    /// As of [`to_values`](Self::to_values).
    #[doc(hidden)]
    fn has_key(&self, key: &[Value]) -> Result<bool, ColumnError> {
        Ok(Self::TABLE.key_of(&self.to_values()?) == key)
    }

    /// The key columns of a key, in the order of the table.
    ///
    /// # Errors
    /// When a value does not fit its column.
    fn key_values(key: &Self::Key) -> Result<Vec<Value>, ColumnError>;

    /// Tells this projection from another, or an earlier one, of the same table: the columns and
    /// the shapes of what they hold, the events it listens to, what each of them does, which events
    /// count as parts of others, and the code of `create` and `project`.
    ///
    /// Stores keep it next to the rows, so that rows of another definition are never added to. Code is seen
    /// as far as that of [`Aggregate::FOLD`]; what it cannot tell is declared by
    /// raising `version`.
    fn definition() -> String {
        let mut events = Vec::new();
        for Source { category, event, role, split, .. } in Self::SOURCES {
            events.push(format!("{category}.{} {role}", event.name));
            let split = split.types().iter();
            events.extend(split.map(|event| format!("{category}.{} split", event.name)));
        }
        events.sort();
        events.dedup();
        let mut definition = format!("{}; {}", Self::TABLE.definition(), events.join(", "));
        let shapes = Self::TABLE.columns.iter().zip(Self::SHAPES);
        let shapes = shapes.filter_map(|(column, shape)| Some((column.name, (*shape)?.to_u64())));
        for (number, (column, shape)) in shapes.enumerate() {
            let separator = if number == 0 { "; shapes" } else { "," };
            definition.push_str(&format!("{separator} {column} {shape:016x}"));
        }
        if Self::CODE != 0 {
            definition.push_str(&format!("; code {:016x}", Self::CODE));
        }
        definition
    }
}

/// An event type that a projection listens to, and the aggregate it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The aggregate's name.
    pub category: &'static str,
    /// The event type.
    pub event: EventType,
    /// The effect of the event on its rows, and the choice of those, on one line; part of the projection's
    /// [`definition`](Projection::definition).
    pub role: &'static str,
    /// True if each event is about the one row of its stream.
    pub by_stream: bool,
    /// The events of the aggregate that became several, which count as their parts.
    pub split: SplitEvents,
}

impl Source {
    /// The event `E` of the aggregate `A`.
    pub const fn of<A: Aggregate + crate::aggregate::Emits<E>, E: crate::event::Event>() -> Self {
        Self {
            category: A::NAME,
            event: EventType::of::<E>(),
            role: "",
            by_stream: true,
            split: SplitEvents::of::<A>(),
        }
    }

    /// The same source, in this role.
    pub const fn in_role(self, role: &'static str) -> Self {
        Self { role, ..self }
    }

    /// The same source, whose events say themselves which rows they are about.
    pub const fn keyed(self) -> Self {
        Self { by_stream: false, ..self }
    }
}

/// The creation of the row from its first event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what row `{E}` creates",
    label = "`{Self}` has no `Create` for this event",
    note = "write `impl Create<{E}> for {Self} {{ fn create(key: …, event: &Recorded<{E}>) -> Self {{ … }} }}`"
)]
pub trait Create<E>: Projection {
    /// The row as it is after its first event.
    fn create(key: Self::Key, event: &Recorded<E>) -> Self;
}

/// The change of a row by an event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how `{E}` changes a row",
    label = "`{Self}` has no `Project` for this event",
    note = "write `impl Project<{E}> for {Self} {{ fn project(&mut self, event: &Recorded<{E}>) {{ … }} }}`"
)]
pub trait Project<E> {
    /// Makes of the row what it is after `event`.
    fn project(&mut self, event: &Recorded<E>);
}
