//! The cost of esrs, measured against the same work written by hand.
//!
//! [`ratio`] runs both sides in turn and compares them; [`order`] is the aggregate that is measured,
//! and its work by hand. The programs under `measure/` put them together.

esrs::schema!();

pub mod order;
pub mod ratio;
