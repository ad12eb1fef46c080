//! The events of a bank account.

esrs::schema!();

pub mod events;
