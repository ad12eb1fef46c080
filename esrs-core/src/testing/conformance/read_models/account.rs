//! A read model as the derive would write it: the balance of an account.

use crate::aggregate::SplitEvents;
use crate::event::{Envelope, PayloadError};
use crate::log::{ColumnError, RowError};
use crate::read_model::projection::{
    Column, ColumnSpec, ColumnType, Projection, Source, Table, Value,
};
use crate::schema::{EventType, Schema, StoredAs};
use crate::value::ByDerive;

/// The table of each case.
pub(super) const TABLES: [&str; 14] = [
    "conformance_not_made",
    "conformance_caught_up",
    "conformance_deleted",
    "conformance_long",
    "conformance_one_of_two",
    "conformance_other_of_two",
    "conformance_poisoned",
    "conformance_healthy",
    "conformance_rebuilt",
    "conformance_changed",
    "conformance_shared",
    "conformance_found",
    "conformance_selected",
    "conformance_read",
];

/// The aggregate of each case; two listen to one.
pub(super) const CATEGORIES: [&str; 14] = {
    let mut categories = TABLES;
    categories[5] = categories[4];
    categories
};

const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec { name: "id", column_type: ColumnType::Text, nullable: false, key: true },
    ColumnSpec { name: "cents", column_type: ColumnType::Integer, nullable: false, key: false },
];

const fn source(category: &'static str, name: &'static str) -> Source {
    let event = EventType {
        name,
        version: 1,
        aliases: &[],
        merges: &[],
        shape: <i64 as Schema>::SHAPE,
        fingerprint: <i64 as Schema>::FINGERPRINT,
        locked_up_to: 0,
        home: 0,
    };
    Source { category, event, role: "", by_stream: true, split: SplitEvents::NONE }
}

/// `opened` creates a row, `deposited` adds to it, `closed` deletes it, and `poisoned` cannot be applied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account<const CASE: usize, const VERSION: u32 = 1> {
    pub(super) id: String,
    pub(super) cents: i64,
}

pub(super) struct Input {
    source: usize,
    cents: i64,
    id: String,
}

impl<const CASE: usize, const VERSION: u32> Projection for Account<CASE, VERSION> {
    const USE_THE_DERIVE: ByDerive = ByDerive::GENERATED;
    const TABLE: Table = Table { name: TABLES[CASE], version: VERSION, columns: COLUMNS };
    const SOURCES: &'static [Source] = &[
        source(CATEGORIES[CASE], "opened"),
        source(CATEGORIES[CASE], "deposited"),
        source(CATEGORIES[CASE], "closed"),
        source(CATEGORIES[CASE], "poisoned"),
    ];
    type Key = String;
    type Input = Input;

    fn decode(
        source: usize,
        _: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Input, PayloadError> {
        let id = envelope.stream.id().to_owned();
        Ok(Input { source, cents: serde_json::from_str(payload)?, id })
    }

    fn keys(input: &Input, keys: &mut Vec<String>) -> Result<(), RowError> {
        keys.push(input.id.clone());
        Ok(())
    }

    fn change(input: &Input, key: String, row: Option<Self>) -> Result<Option<Self>, RowError> {
        match (input.source, row) {
            (0, None) => Ok(Some(Self { id: key, cents: input.cents })),
            (0, Some(_)) => Err(RowError::Exists { key }),
            (1, Some(row)) => Ok(Some(Self { cents: row.cents + input.cents, ..row })),
            (2, Some(_)) => Ok(None),
            _ => Err(RowError::Missing { key }),
        }
    }

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![self.id.to_value()?, self.cents.to_value()?])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        let [id, cents]: [Value; 2] =
            values.try_into().map_err(|_| ColumnError::new("expected two columns"))?;
        Ok(Self { id: Column::from_value(id)?, cents: Column::from_value(cents)? })
    }

    fn key_values(key: &String) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![key.to_value()?])
    }
}
