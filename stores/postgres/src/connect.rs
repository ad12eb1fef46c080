//! Connections, for any caller and under any executor.

use std::num::NonZeroUsize;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use esrs_core::{Position, StoreError, Withheld};
use futures_core::future::BoxFuture;
use futures_util::future::join3;
use futures_util::stream;
use lru::LruCache;
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Config, Error, SimpleQueryMessage, Socket, Statement};

use crate::error::said;
use crate::exchange::{Exchange, Messages};
use crate::sql::literal;

type Opened = BoxFuture<'static, Result<(tokio_postgres::Client, Messages), Error>>;
type Open = dyn Fn(Config) -> Opened + Send + Sync;

/// The largest number of prepared statements of the store itself on a connection.
const OWN_STATEMENTS: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");
/// The same for statements whose text users have written.
const USER_STATEMENTS: NonZeroUsize = NonZeroUsize::new(128).expect("it is not zero");

/// The longest time for which a session may do nothing in a transaction: a process that is stopped in the
/// middle of one holds up others no longer.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// The `search_path` of the store's own statements: whatever they name without a schema is PostgreSQL's own.
/// A schema that is not named here cannot shadow it, and neither can a temporary table.
const PINNED: &str = "pg_catalog, pg_temp";

/// Pins the path again, whatever a statement of a user has set it to. It outlives the transaction: what
/// such a statement has set for the session would otherwise come back with its end.
pub(crate) const PIN_PATH: &str = "SET search_path = pg_catalog, pg_temp";

/// The number of times that a limit of the role may stop the statement that takes it away.
const SET_UP_ATTEMPTS: u32 = 50;

/// The time for which sessions wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    /// For a lock.
    pub(crate) lock: Duration,
    /// For the end of a statement.
    pub(crate) statement: Duration,
}

impl SessionLimits {
    /// The statements that set a session up, whatever the role, the database and the server say. Answers
    /// with the `search_path` that the role has by itself.
    ///
    /// `append` relies on seeing what was committed before each of its statements; compiling a short query
    /// takes longer than running it; and what was answered is on disk. Nothing is called by a name before
    /// the path is pinned: a role may have made a function of that name where its own path finds it.
    async fn set_up(self, client: &tokio_postgres::Client) -> Result<String, Error> {
        let [lock, statement, idle] =
            [self.lock, self.statement, IDLE_IN_TRANSACTION].map(to_millis);
        // By itself: a role's own limit may be shorter than all of it takes.
        let unlimited = format!("SET statement_timeout = {statement}");
        let mut left = SET_UP_ATTEMPTS;
        while let Err(error) = client.batch_execute(&unlimited).await {
            if error.code() != Some(&SqlState::QUERY_CANCELED) || left == 0 {
                return Err(error);
            }
            left -= 1;
        }
        let settings = format!(
            "SHOW search_path; SET search_path = {PINNED};
             SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE, \
                 NOT DEFERRABLE;
             SET standard_conforming_strings = on; SET jit = off; SET row_security = on;
             SET client_min_messages = notice;
             SET lock_timeout = {lock};
             SET idle_in_transaction_session_timeout = {idle};
             SELECT pg_catalog.set_config(name, '0', false)
                 FROM (VALUES ('idle_session_timeout'), ('transaction_timeout')) unlimited (name)
                 WHERE pg_catalog.current_setting(name, true) <> '0';
             SELECT pg_catalog.set_config('synchronous_commit', 'on', false)
                 WHERE pg_catalog.current_setting('synchronous_commit') IN ('off', 'local')"
        );
        let answers = client.simple_query(&settings).await?;
        let path = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(path.unwrap_or_default().to_owned())
    }
}

/// A time as PostgreSQL's settings count it, where none is no limit.
pub(crate) fn to_millis(time: Duration) -> u128 {
    time.as_millis().clamp(1, i32::MAX as u128)
}

/// A connection, and the statements that are prepared on it.
pub(crate) struct Client {
    client: tokio_postgres::Client,
    exchange: Arc<Exchange>,
    statements: Mutex<Statements>,
    /// True if a statement has begun a transaction within another: PostgreSQL warns of it only.
    has_begun_twice: Arc<AtomicBool>,
    /// Sets the path of the role for the rest of a transaction, in which statements of users run.
    role_path: String,
}

/// Dropped, a statement is closed on the server too.
struct Statements {
    own: LruCache<String, Statement>,
    of_users: LruCache<String, Statement>,
}

impl Client {
    fn new(
        client: tokio_postgres::Client,
        exchange: Arc<Exchange>,
        has_begun_twice: Arc<AtomicBool>,
    ) -> Self {
        let (own, of_users) = (LruCache::new(OWN_STATEMENTS), LruCache::new(USER_STATEMENTS));
        let statements = Mutex::new(Statements { own, of_users });
        Self { client, exchange, statements, has_begun_twice, role_path: String::new() }
    }

    /// The exchange of messages with the server.
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The statement that sets the path of the role for the rest of a transaction, in which statements of
    /// users run, and triggers on their tables.
    pub(crate) fn role_path(&self) -> &str {
        &self.role_path
    }

    fn statements(&self) -> MutexGuard<'_, Statements> {
        // Nothing in it is ever half done.
        self.statements.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Prepares a statement of the store itself, unless it is prepared.
    pub(crate) async fn prepare_cached(&self, sql: &str) -> Result<Statement, Error> {
        self.prepare_in(sql, |statements| &mut statements.own).await
    }

    /// Prepares a text that a user has written, whose names are found by the path of the role; within a
    /// transaction that has set it.
    pub(crate) async fn prepare_text(&self, sql: &str) -> Result<Statement, Error> {
        self.prepare_in(sql, |statements| &mut statements.of_users).await
    }

    /// Prepares a text that a user has written outside of a transaction.
    pub(crate) async fn prepare_text_alone(&self, sql: &str) -> Result<Statement, Error> {
        if let Some(known) = self.statements().of_users.get(sql) {
            return Ok(known.clone());
        }
        let begin = format!("BEGIN READ ONLY; {}", self.role_path);
        // All are sent at once, so a call that is dropped leaves no transaction behind.
        let (begun, prepared, ended) = join3(
            self.client.batch_execute(&begin),
            self.prepare_text(sql),
            self.client.batch_execute("ROLLBACK"),
        )
        .await;
        begun?;
        let prepared = prepared?;
        ended.map(|()| prepared)
    }

    async fn prepare_in(
        &self,
        sql: &str,
        of: fn(&mut Statements) -> &mut LruCache<String, Statement>,
    ) -> Result<Statement, Error> {
        if let Some(known) = of(&mut self.statements()).get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
        let replaced = of(&mut self.statements()).push(sql.to_owned(), statement.clone());
        drop(replaced);
        Ok(statement)
    }

    /// Returns true if a statement that was answered since the last call has begun a transaction within
    /// another.
    pub(crate) fn has_begun_twice(&self) -> bool {
        self.has_begun_twice.swap(false, Ordering::AcqRel)
    }

    /// Forgets all statements: columns have other types than when they were prepared.
    pub(crate) fn forget_statements(&self) {
        let mut statements = self.statements();
        statements.own.clear();
        statements.of_users.clear();
    }
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.client
    }
}

impl Drop for Client {
    /// Closes the connection at once, whether or not the server answers.
    fn drop(&mut self) {
        self.exchange.end();
    }
}

/// Opens connections on the runtime on which the store was opened.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    open: Arc<Open>,
    runtime: Handle,
    limits: SessionLimits,
}

impl Connector {
    pub(crate) fn new<T>(config: Config, tls: T, runtime: Handle, limits: SessionLimits) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let open = move |config: Config| {
            let tls = tls.clone();
            let opened = async move {
                let (client, mut connection) = config.connect(tls).await?;
                let messages = stream::poll_fn(move |context| connection.poll_message(context));
                Ok((client, Box::pin(messages) as Messages))
            };
            Box::pin(opened) as Opened
        };
        Self { config, open: Arc::new(open), runtime, limits }
    }

    /// The runtime on which connections live.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The same connections, whose statements wait for locks no longer than this.
    pub(crate) fn with_lock_timeout(&self, lock: Duration) -> Self {
        let limits = SessionLimits { lock: lock.min(self.limits.lock), ..self.limits };
        Self { limits, ..self.clone() }
    }

    /// Sets a session up as the store needs it, whatever its role says; answers with the role's path.
    pub(crate) async fn set_up(&self, client: &tokio_postgres::Client) -> Result<String, Error> {
        self.limits.set_up(client).await
    }

    /// A connection whose messages the caller takes; to be called on the store's runtime.
    pub(crate) async fn connect_raw(
        &self,
    ) -> Result<(tokio_postgres::Client, Messages), ConnectError> {
        self.in_time(async { Ok((self.open)(self.config.clone()).await?) }).await
    }

    /// The driver's own limit ends when a peer has accepted. One that then says nothing, such as a proxy
    /// whose server is gone, is given up as well.
    pub(crate) async fn in_time<T>(
        &self,
        connecting: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let Some(limit) = self.config.get_connect_timeout() else { return connecting.await };
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        let limit = limit.saturating_mul(hosts as u32);
        let connected = tokio::time::timeout(limit, connecting).await;
        connected.unwrap_or(Err(ConnectError::NoAnswer { limit }))
    }

    /// A connection that is set up, and works by itself until the client is dropped.
    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        let this = self.clone();
        let opened = self.runtime.spawn(async move { this.in_time(this.connect_here()).await });
        // It is cancelled when the runtime ends.
        opened.await.unwrap_or(Err(ConnectError::NoRuntime))
    }

    async fn connect_here(&self) -> Result<Client, ConnectError> {
        let (client, messages) = (self.open)(self.config.clone()).await?;
        let has_begun_twice = Arc::new(AtomicBool::new(false));
        let begun_twice = has_begun_twice.clone();
        let exchange = Exchange::new(messages, move |message| match message {
            Ok(AsyncMessage::Notice(notice)) => {
                // It comes before the answer to the statement.
                if *notice.code() == SqlState::ACTIVE_SQL_TRANSACTION {
                    begun_twice.store(true, Ordering::Release);
                }
                // Its text may quote a value.
                tracing::debug!(code = notice.code().code(), "a notice of PostgreSQL");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = %said(&error), "a connection to PostgreSQL was lost");
            }
        });
        tokio::spawn(exchange.clone().run());
        let mut client = Client::new(client, exchange, has_begun_twice);
        let path = self.set_up(&client).await?;
        let path = literal(&path);
        client.role_path = format!("SELECT pg_catalog.set_config('search_path', {path}, true)");
        Ok(client)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Refused(#[from] Error),
    #[error("there was no answer within {limit:?}")]
    NoAnswer { limit: Duration },
    #[error("the runtime on which the store was opened has ended")]
    NoRuntime,
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
}

impl ConnectError {
    /// Describes the error without the values that the server quotes.
    pub(crate) fn said(&self) -> Withheld {
        match self {
            Self::Refused(error) => said(error),
            other => other.to_string().into(),
        }
    }
}

/// An event stands behind the last position that the log has given.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "expected no event behind position {given}, the last that the log has given; nothing was stored, because \
     followers that took this event would never see it: repair the log as the section \"Events that no append \
     has stored\" of the documentation of `esrs-postgres` says"
)]
pub(crate) struct OutOfOrder {
    pub(crate) last: i64,
    pub(crate) given: i64,
}

impl OutOfOrder {
    pub(crate) fn explain(self) -> StoreError {
        let position = Position::new(self.last as u64);
        StoreError::Damaged { stream: "the log".to_owned(), position, source: self.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_a_limit_that_postgresql_takes() {
        assert_eq!(to_millis(Duration::ZERO), 1, "0 is no limit");
        assert_eq!(to_millis(Duration::from_micros(1_999)), 1);
        assert_eq!(to_millis(Duration::from_millis(250)), 250);
        assert_eq!(to_millis(Duration::MAX), i32::MAX as u128);
    }
}
