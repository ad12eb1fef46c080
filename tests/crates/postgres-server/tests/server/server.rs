//! A server of one's own.
use std::path::Path;

use postgres_server::{Error, Server, server_version};
use tokio_postgres::{Client, NoTls};

/// A connection of the test's own.
async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn ask(url: &str, question: &str) -> String {
    connect(url).await.unwrap().query_one(question, &[]).await.unwrap().get(0)
}

async fn run(url: &str, statements: &str) {
    connect(url).await.unwrap().batch_execute(statements).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_server_answers_by_tcp_and_by_its_socket() -> Result<(), Error> {
    let server = Server::start()?;
    let version = server_version(&server.url())?;
    assert_eq!(version, server.installation().version());
    assert_eq!(server_version(&server.socket_url())?, version);
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn nothing_that_makes_a_server_durable_is_switched_off() -> Result<(), Error> {
    let server = Server::start()?;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(ask(&server.url(), &format!("SHOW {setting}")).await, "on", "{setting}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_server_is_set_up_as_its_builder_says() -> Result<(), Error> {
    let server = Server::builder().max_connections(17).config("wal_level = logical").start()?;
    assert_eq!(ask(&server.url(), "SHOW max_connections").await, "17");
    assert_eq!(ask(&server.url(), "SHOW wal_level").await, "logical");
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn nobody_is_let_in_without_the_password() -> Result<(), Error> {
    let server = Server::start()?;
    for url in [server.url(), server.socket_url()] {
        let (before, host) = url.split_once('@').unwrap();
        let (user, _) = before.rsplit_once(':').unwrap();
        let refused = connect(&format!("{user}:wrong@{host}")).await.err().unwrap();
        assert_eq!(refused.code().unwrap().code(), "28P01", "{refused}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn each_database_is_another_and_knows_nothing_of_the_others() -> Result<(), Error> {
    let server = Server::start()?;
    let (one, other) = (server.create_database()?, server.create_database()?);
    assert_ne!(one.name(), other.name());
    for database in [&one, &other] {
        run(database.url(), "CREATE TABLE once (at text)").await;
        assert_eq!(ask(database.url(), "SELECT current_database()::text").await, database.name());
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_is_committed_outlives_a_stop_and_a_crash_under_the_same_url() -> Result<(), Error> {
    let mut server = Server::start()?;
    let database = server.create_database()?;
    for (number, crashes) in [(1, false), (2, true)] {
        let end = if crashes { Server::kill } else { Server::stop };
        run(database.url(), &format!("CREATE TABLE kept_{number} AS SELECT 'kept' AS word")).await;
        let client = connect(database.url()).await.unwrap();
        end(&mut server)?;
        assert!(client.simple_query("SELECT 1").await.is_err(), "nobody is connected any more");
        assert!(connect(database.url()).await.is_err(), "nobody answers");
        end(&mut server)?;
        server.start_again()?;
        let kept = ask(database.url(), &format!("SELECT word FROM kept_{number}")).await;
        assert_eq!(kept, "kept");
    }
    let recovered = "database system was not properly shut down";
    assert_eq!(server.log()?.matches(recovered).count(), 1, "a stop is none, and a crash is one");
    Ok(())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_database_may_be_in_a_tablespace_of_its_own() -> Result<(), Error> {
    let directory = tempfile::tempdir().unwrap();
    let space = directory.path().join("space");
    std::fs::create_dir(&space).unwrap();
    open_to_all(directory.path());
    let server = Server::builder().tablespace("small", &space).start()?;
    let database = server.create_database_in("small")?;
    let question = "SELECT spcname::text FROM pg_database d JOIN pg_tablespace s \
        ON s.oid = d.dattablespace WHERE datname = current_database()";
    assert_eq!(ask(database.url(), question).await, "small");
    assert!(space.read_dir().unwrap().next().is_some(), "its files are there");
    Ok(())
}

/// The server may run as another user, who has to get through.
fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_server_that_does_not_start_says_why() {
    let error = Server::builder().config("shared_buffers = plenty").start().unwrap_err();
    assert!(matches!(&error, Error::Ended { log, .. } if log.contains("plenty")), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_fresh_database_of_the_named_server_is_dropped_also_while_it_is_used() -> Result<(), Error>
{
    let url = std::env::var(postgres_server::URL).map_err(|_| Error::NoUrl)?;
    let database = postgres_server::database()?;
    run(database.url(), "CREATE TABLE once (at text)").await;
    let exists =
        format!("SELECT count(*)::text FROM pg_database WHERE datname = '{}'", database.name());
    assert_eq!(ask(&url, &exists).await, "1");
    let connected = connect(database.url()).await.unwrap();
    drop(database);
    assert_eq!(ask(&url, &exists).await, "0");
    assert!(connected.simple_query("SELECT 1").await.is_err());
    Ok(())
}
