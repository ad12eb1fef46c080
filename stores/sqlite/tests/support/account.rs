//! A read model by hand: what the derive would write.

use std::marker::PhantomData;

use esrs_core::__private::ByDerive;
use esrs_core::projection::{
    ColumnError, ColumnSpec, ColumnType, Projection, RowError, Source, Table, Value,
};
use esrs_core::{Column, Envelope, EventType, PayloadError, Schema, SplitEvents, StoredAs};
use jiff::Timestamp;
use uuid::Uuid;

const fn source(name: &'static str) -> Source {
    let (shape, fingerprint) = (<i64 as Schema>::SHAPE, <i64 as Schema>::FINGERPRINT);
    let event = EventType {
        name,
        version: 1,
        aliases: &[],
        merges: &[],
        shape,
        fingerprint,
        locked_up_to: 0,
        home: 0,
    };
    Source { category: "account", event, role: "", split: SplitEvents::NONE, by_stream: true }
}

const fn column(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { name, column_type, nullable: false, key: false }
}

const ID: ColumnSpec = ColumnSpec { key: true, ..column("id", ColumnType::Text) };

/// `opened` makes a row, `deposited` adds to it, `closed` deletes it, `poisoned` cannot be taken,
/// and `panicked` panics. The payload is a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<V: Variant> {
    pub id: String,
    pub cents: i64,
    pub last_event: Uuid,
    pub changed_at: Timestamp,
    pub actor: Option<String>,
    variant: PhantomData<V>,
}

/// The parts that differ between definitions of the same table.
pub trait Variant: Send + Sync + Clone + std::fmt::Debug + PartialEq + 'static {
    const TABLE: Table;
}

macro_rules! variant {
    ($(#[$doc:meta])* $row:ident, $name:ident, $table:literal, $version:literal, $cents:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name;
        impl Variant for $name {
            const TABLE: Table = Table {
                name: $table,
                version: $version,
                columns: &[
                    ID,
                    column($cents, ColumnType::Integer),
                    column("last_event", ColumnType::Uuid),
                    column("changed_at", ColumnType::Timestamp),
                    ColumnSpec { nullable: true, ..column("actor", ColumnType::Text) },
                ],
            };
        }
        pub type $row = Row<$name>;
    };
}

variant!(Account, V1, "accounts", 1, "cents");
variant!(
    /// The same table with a column of another name.
    AccountAnew, V2, "accounts", 1, "balance"
);
variant!(
    /// The same table, whose logic was changed.
    AccountVersion2, V3, "accounts", 2, "cents"
);
variant!(
    /// A name that is the store's own.
    Taken, V4, "esrs_events", 1, "cents"
);

pub struct Input {
    name: usize,
    number: i64,
    envelope: Envelope,
}

impl<V: Variant> Projection for Row<V> {
    const USE_THE_DERIVE: ByDerive = ByDerive::GENERATED;
    const TABLE: Table = V::TABLE;
    const SOURCES: &'static [Source] = &[
        source("opened"),
        source("deposited"),
        source("closed"),
        source("poisoned"),
        source("panicked"),
    ];
    type Key = String;
    type Input = Input;

    fn decode(
        name: usize,
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Input, PayloadError> {
        if stored == StoredAs::version(2) {
            return Err(PayloadError::NewerVersion { version: 2, newest: 1 });
        }
        Ok(Input { name, number: serde_json::from_str(payload)?, envelope })
    }

    fn keys(input: &Input, keys: &mut Vec<String>) -> Result<(), RowError> {
        keys.push(input.envelope.stream.id().to_owned());
        Ok(())
    }

    fn change(input: &Input, id: String, row: Option<Self>) -> Result<Option<Self>, RowError> {
        let envelope = &input.envelope;
        let cents = match (input.name, row) {
            (0, None) => input.number,
            (0, Some(_)) => return Err(RowError::Exists { key: id }),
            (1, Some(row)) => row.cents + input.number,
            (2, Some(_)) => return Ok(None),
            (4, _) => panic!("as it was told to"),
            _ => return Err(RowError::Missing { key: id }),
        };
        Ok(Some(Self {
            id,
            cents,
            last_event: envelope.event_id,
            changed_at: envelope.recorded_at,
            actor: envelope.metadata.actor().map(str::to_owned),
            variant: PhantomData,
        }))
    }

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![
            self.id.to_value()?,
            self.cents.to_value()?,
            self.last_event.to_value()?,
            self.changed_at.to_value()?,
            self.actor.to_value()?,
        ])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        let mut values = values.into_iter();
        let mut next = || values.next().ok_or_else(|| ColumnError::new("a column is missing"));
        Ok(Self {
            id: Column::from_value(next()?)?,
            cents: Column::from_value(next()?)?,
            last_event: Column::from_value(next()?)?,
            changed_at: Column::from_value(next()?)?,
            actor: Column::from_value(next()?)?,
            variant: PhantomData,
        })
    }

    fn key_values(key: &String) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![key.to_value()?])
    }
}
