//! A database that is there for one test.

use tokio_postgres::Config;
use uuid::Uuid;

use crate::{Error, Version, sql};

/// The environment variable that names a running server, by the url of a database in which others may
/// be created: `postgres://postgres:secret@127.0.0.1:5432/postgres`.
pub const URL: &str = "ESRS_POSTGRES_URL";

/// A fresh database of the server that [`ESRS_POSTGRES_URL`](URL) names.
///
/// # Errors
/// The variable is not set or no url, or the server is not there or refuses.
pub fn database() -> Result<Database, Error> {
    Database::at(&std::env::var(URL).map_err(|_| Error::NoUrl)?)
}

/// Returns the version of the PostgreSQL at this url.
///
/// # Errors
/// It is no url, or nobody answers, or refuses.
pub fn server_version(url: &str) -> Result<Version, Error> {
    sql::version(&parse(url)?)
}

/// A database with a name that no other has.
///
/// It is dropped with this value, also while others are connected to it; one of a
/// [`Server`](crate::Server) goes with the server instead.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    /// Where to connect to drop it.
    dropped_by: Option<Config>,
}

impl Database {
    /// One on the server of this url, whose user may create databases.
    ///
    /// # Errors
    /// It is no url, or nobody answers, or refuses.
    pub fn at(url: &str) -> Result<Self, Error> {
        let mut database = Self::create(url, None)?;
        database.dropped_by = Some(parse(url)?);
        Ok(database)
    }

    /// Its url, with all that the server's url says.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements of another program, on a connection of its own.
    ///
    /// # Errors
    /// The server does not answer, or refuses a statement.
    pub fn execute(&self, statements: &str) -> Result<(), Error> {
        sql::execute(&parse(&self.url)?, statements)
    }

    /// On the server of this url, and in a tablespace of it.
    pub(crate) fn create(server: &str, tablespace: Option<&str>) -> Result<Self, Error> {
        let name = format!("esrs_test_{}", Uuid::now_v7().simple());
        let url = with_database(server, &name)?;
        let tablespace = tablespace.map(|it| format!(" TABLESPACE \"{it}\"")).unwrap_or_default();
        sql::execute(&parse(server)?, &format!("CREATE DATABASE {name}{tablespace}"))?;
        Ok(Self { name, url, dropped_by: None })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(server) = &self.dropped_by else { return };
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(error) = sql::execute(server, &statement) {
            eprintln!("the database {} is left behind: {error}", self.name);
        }
    }
}

/// Parses a url.
pub(crate) fn parse(url: &str) -> Result<Config, Error> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(refused(url, "it does not begin with postgres://"));
    }
    url.parse().map_err(|error: tokio_postgres::Error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        refused(url, &source.unwrap_or_else(|| error.to_string()))
    })
}

/// The url of another database on the same server.
fn with_database(url: &str, name: &str) -> Result<String, Error> {
    parse(url)?;
    let scheme = url.find("://").map_or(0, |at| at + "://".len());
    // A password may hold a `/`.
    let host = url[scheme..].find('@').map_or(scheme, |at| scheme + at + 1);
    let end = url[host..].find(['/', '?']).map_or(url.len(), |at| host + at);
    let parameters = url[end..].find('?').map_or("", |at| &url[end + at..]);
    let other = format!("{}/{name}{parameters}", &url[..end]);
    match parse(&other)?.get_dbname() == Some(name) {
        true => Ok(other),
        false => Err(refused(url, "the database has to stand behind the host, as /DATABASE")),
    }
}

fn refused(url: &str, reason: &str) -> Error {
    Error::Url { url: without_secrets(url), reason: reason.to_owned() }
}

/// The scheme, host and database: what stands before and behind them may be a password.
fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{}", host.split('?').next().unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_another_database_says_all_that_the_first_says() {
        for (url, other) in [
            ("postgres://localhost", "postgres://localhost/x"),
            ("postgresql://me@localhost/first", "postgresql://me@localhost/x"),
            ("postgres://me:a/b@[::1]:5433/first", "postgres://me:a/b@[::1]:5433/x"),
            (
                "postgres://me:s%2Fe@h1:1,h2:2/first?connect_timeout=3&application_name=a/b",
                "postgres://me:s%2Fe@h1:1,h2:2/x?connect_timeout=3&application_name=a/b",
            ),
            ("postgres://me@%2Ftmp%2Fpg/first", "postgres://me@%2Ftmp%2Fpg/x"),
            ("postgres:///first?host=/tmp", "postgres:///x?host=/tmp"),
        ] {
            assert_eq!(with_database(url, "x").expect(url), other, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_password() {
        for (url, reason) in [
            ("host=localhost password=secret", "postgres://"),
            ("http://me:secret@localhost/", "postgres://"),
            ("postgres://me:secret@localhost:port/", "port"),
            ("postgres://me@localhost/first?password=secret&dbname=second", "/DATABASE"),
        ] {
            let error = with_database(url, "x").expect_err(url).to_string();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
