//! Projections: the types of columns, and the parts of one that stores and drivers use.
//!
//! A program derives [`Projection`](trait@crate::Projection), and implements
//! [`Create`](crate::Create) and [`Project`](crate::Project). It needs this module to bind a [`Value`] to a
//! query, for a [`ColumnType`], and for the errors of a row.
//!
//! ```
//! use esrs::prelude::*;
//! use esrs::projection::Value;
//!
//! #[derive(Column, Serialize, Deserialize, Schema, Clone, Debug, PartialEq)]
//! struct Iban(String);
//!
//! let value = Iban("NL-18".to_owned()).to_value()?;
//! assert_eq!(value, Value::Text("NL-18".into()));
//! # Ok::<(), esrs::projection::ColumnError>(())
//! ```

pub use esrs_core::projection::{
    AnyPass, ColumnError, ColumnSpec, ColumnType, Parked, Pass, ProjectionError, RowChanges,
    RowError, RowKey, Source, Table, Value,
};
#[doc(hidden)]
pub use esrs_core::projection::{json_from_value, json_to_value, text_from_value, text_to_value};
