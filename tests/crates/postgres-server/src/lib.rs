//! A real PostgreSQL for tests: a server of its own, and fresh databases of whichever server there is.
//!
//! **A test that needs a database** takes one of the server that the environment variable
//! [`ESRS_POSTGRES_URL`](URL) names. `cargo xtask test` sets it, and runs what is ignored:
//!
//! ```no_run
//! # fn open(_: &str) {}
//! #[test]
//! #[ignore = "needs PostgreSQL: cargo xtask test"]
//! fn what_is_stored_is_read() -> Result<(), postgres_server::Error> {
//!     let database = postgres_server::database()?;
//!     open(database.url());
//!     Ok(())
//! } // the database is dropped here
//! ```
//!
//! **A test that breaks the server**, or needs one that is set up in a special way, starts its own;
//! it is ignored by the same words:
//!
//! ```no_run
//! use postgres_server::Server;
//!
//! let mut server = Server::builder().config("wal_level = logical").max_connections(20).start()?;
//! let database = server.create_database()?;
//! server.kill()?; // it crashes
//! server.start_again()?; // and recovers, under the same urls
//! # Ok::<_, postgres_server::Error>(())
//! ```
//!
//! A server is as durable as PostgreSQL is by default: nothing is switched off. It listens on a free
//! port of 127.0.0.1 and on a socket in its directory, and knows one user, `postgres`, by a password
//! that only its urls tell. It is stopped and its directory removed when it is dropped, also by a
//! panic; and when its process is killed, by a guard that notices. Started by root, it runs as the
//! user `postgres`, or `nobody`.
//!
//! Everything here blocks, and may be called from async code all the same.

mod database;
mod error;
#[cfg(unix)]
mod guard;
mod installation;
mod pgbouncer;
#[cfg(unix)]
mod server;
mod sql;
#[cfg(unix)]
mod user;
mod version;

pub use database::{Database, URL, database, server_version};
pub use error::Error;
pub use installation::Installation;
pub use pgbouncer::pgbouncer;
#[cfg(unix)]
pub use server::{Server, ServerBuilder};
pub use version::Version;
