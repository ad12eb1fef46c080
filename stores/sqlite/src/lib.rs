//! The embedded SQLite store of esrs.
