//! The few statements that are said to a server.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls};

use crate::{Error, Version};

/// The time that a server has to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the version of this server.
pub(crate) fn version(config: &Config) -> Result<Version, Error> {
    let number = with_client(config, "does not tell its version", async |client| {
        client.query_one("SELECT current_setting('server_version_num')::int", &[]).await?.try_get(0)
    });
    // It is never negative.
    number.map(|number: i32| Version::from_number(number.unsigned_abs()))
}

/// Runs statements that answer nothing.
pub(crate) fn execute(config: &Config, statements: &str) -> Result<(), Error> {
    let doing = format!("refuses {statements:?}");
    with_client(config, &doing, async |client| client.batch_execute(statements).await)
}

/// Asks on a thread of its own, because the caller's may be one of an async runtime.
fn with_client<T: Send>(
    config: &Config,
    doing: &str,
    ask: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error> + Send,
) -> Result<T, Error> {
    let mut config = config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    let asked = async || {
        let reached = config.connect(NoTls).await;
        let (client, connection) = reached.map_err(failed(&config, "cannot be reached"))?;
        let connection = tokio::spawn(connection);
        let answer = ask(&client).await.map_err(failed(&config, doing));
        drop(client);
        // What went wrong with the connection is in the answer already.
        let _ = connection.await;
        answer
    };
    std::thread::scope(|scope| match scope.spawn(|| block_on(asked())).join() {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // The operating system has no file left to poll by, and no test can go on.
    runtime.expect("a runtime").block_on(future)
}

fn failed(config: &Config, doing: &str) -> impl FnOnce(tokio_postgres::Error) -> Error {
    let (server, doing) = (server(config), doing.to_owned());
    move |source| {
        // The reasons stand in the sources alone.
        let causes =
            std::iter::successors(Some(&source as &dyn std::error::Error), |it| it.source());
        let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Error::Sql { server, doing, reason, source }
    }
}

/// The address of the server, without user and password.
fn server(config: &Config) -> String {
    use tokio_postgres::config::Host;
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let ports = config.get_ports().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    match ports.is_empty() {
        true => format!("the server {hosts}"),
        false => format!("the server {hosts}:{ports}"),
    }
}
