//! Opening a store.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use esrs_core::store::Counters;
use esrs_core::{AppendBatch, BoxError, Projection, StoreError};
use tokio::runtime::Handle;
use tokio_postgres::config::Host;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use crate::PostgresStore;
use crate::connect::{Connector, SessionLimits};
use crate::error::Location;
use crate::key_lookups::KeyLookups;
use crate::limit::Timer;
use crate::listen::{Listener, Notifier};
use crate::names::Names;
use crate::schema;
use crate::session;
use crate::sql::Sql;
use crate::sslmode;
use crate::store::{Pools, Shared};
use crate::subscription::{Inline, Registered, Subscriptions};
use crate::writer::{Room, Writer};

const DOING: &str = "opening the store";

type Connect =
    Box<dyn FnOnce(Config, Handle, SessionLimits) -> Result<Connector, StoreError> + Send>;

/// The time in which a connection must be made, unless the url says otherwise (`connect_timeout`).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for which sent data may stay unacknowledged, unless the url says otherwise (`tcp_user_timeout`):
/// the operating system would wait for a quarter of an hour.
const SILENCE: Duration = Duration::from_secs(10);
/// After how long the network is asked whether a server is there that has nothing to say, unless the
/// url says otherwise (`keepalives_idle`), and how often.
const IDLE: Duration = Duration::from_secs(15);
const IDLE_INTERVAL: Duration = Duration::from_secs(5);
/// The driver's default for `keepalives_idle` when the url says nothing.
const IDLE_OF_DRIVER: Duration = Duration::from_secs(2 * 60 * 60);

/// The settings of a store; made by [`PostgresStore::builder`].
#[must_use = "nothing is opened before `open`"]
pub struct PostgresStoreBuilder {
    url: String,
    schema: String,
    read_model_schema: String,
    readers: usize,
    busy_timeout: Duration,
    timeout: Duration,
    poll_interval: Duration,
    max_payload: usize,
    inline: Vec<Registered>,
    rebuild_changed: bool,
    connect: Connect,
    /// True if the connector can encrypt.
    encrypts: bool,
}

impl PostgresStoreBuilder {
    /// The schema of the store's tables, unless [`schema`](Self::schema) says otherwise.
    pub const DEFAULT_SCHEMA: &str = "esrs";
    /// The schema of read models, unless [`read_model_schema`](Self::read_model_schema) says otherwise.
    pub const DEFAULT_READ_MODEL_SCHEMA: &str = "public";
    /// The number of connections that read, unless [`readers`](Self::readers) says otherwise.
    pub const DEFAULT_READERS: usize = 4;
    /// See [`busy_timeout`](Self::busy_timeout).
    pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
    /// See [`timeout`](Self::timeout).
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
    /// The largest number of connections for [`readers`](Self::readers).
    pub const MAX_READERS: usize = 256;
    /// See [`poll_interval`](Self::poll_interval).
    pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);
    /// PostgreSQL counts in milliseconds, and takes none for no limit.
    const SHORTEST_WAIT: Duration = Duration::from_millis(1);
    const LONGEST_WAIT: Duration = Duration::from_millis(i32::MAX as u64 / 2);
    /// A shorter one would do nothing but look.
    const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
    const LONGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);

    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            schema: Self::DEFAULT_SCHEMA.to_owned(),
            read_model_schema: Self::DEFAULT_READ_MODEL_SCHEMA.to_owned(),
            readers: Self::DEFAULT_READERS,
            busy_timeout: Self::DEFAULT_BUSY_TIMEOUT,
            timeout: Self::DEFAULT_TIMEOUT,
            poll_interval: Self::DEFAULT_POLL_INTERVAL,
            max_payload: AppendBatch::MAX_PAYLOAD_LENGTH,
            inline: Vec::new(),
            rebuild_changed: false,
            connect: Box::new(by_default),
            encrypts: cfg!(feature = "tls"),
        }
    }

    /// The schema of the store's tables, which is made if it is not there: small letters, digits and
    /// underscores. Each schema is a log of its own.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// The schema of the tables of read models, which is made with the first of them if it is not there:
    /// small letters, digits and underscores.
    pub fn read_model_schema(mut self, name: impl Into<String>) -> Self {
        self.read_model_schema = name.into();
        self
    }

    /// Sets the number of connections for reading, between 1 and [`MAX_READERS`](Self::MAX_READERS).
    ///
    /// A store opens at most twice that many connections and three more, each when it is first needed:
    /// - `readers` connections for reading;
    /// - as many for the steps of subscriptions, so that an event handler, whose step has one of them, can
    ///   read and append;
    /// - one for appending, one for leases, and one that listens once anything
    ///   [waits for events](PostgresStore::wait_behind).
    ///
    /// An [import](PostgresStore::import) has a connection of its own while it runs, and so have a
    /// rebuild and an [inline](Self::inline) projection while they catch up.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.clamp(1, Self::MAX_READERS);
        self
    }

    /// Sets how long an append waits for a server that cannot be reached, before it is answered with
    /// [`StoreError::Unavailable`], and for another process that holds the log, before it is answered with
    /// [`StoreError::Busy`]. If it was connecting by then, the answer comes when that has failed.
    ///
    /// It is also the time for which any call waits for a free connection, a statement for a lock, and a
    /// rebuild for transactions that read the rows that it replaces.
    ///
    /// It is clamped to between 1 ms and 12 days.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.clamp(Self::SHORTEST_WAIT, Self::LONGEST_WAIT);
        self
    }

    /// Sets the time that the database has for one call, in addition to the
    /// [`busy_timeout`](Self::busy_timeout).
    ///
    /// Every call of the store returns within the sum of both, also when the network carries nothing any
    /// more:
    /// - a read is answered with [`StoreError::TimedOut`];
    /// - an append is answered with [`StoreError::Unknown`], because it may be stored;
    /// - [`close`](PostgresStore::close) returns.
    ///
    /// The connection of a call that took longer is closed. The server stops the statement after the same
    /// time (`statement_timeout`).
    ///
    /// The sum holds for each step where a call consists of several: the steps of a subscription, for each
    /// statement of a handler; the chunks of an import; what catches up, rebuilds, or opens a store with
    /// inline projections. Replacing a table by a rebuild builds its indexes, for which it has an hour.
    ///
    /// It is clamped to between 1 ms and 12 days.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Self::SHORTEST_WAIT, Self::LONGEST_WAIT);
        self
    }

    /// Sets how long a payload may be, in bytes; a longer one is refused with [`StoreError::Limit`] before
    /// anything is stored. Without it, and at most, that is
    /// [`AppendBatch::MAX_PAYLOAD_LENGTH`](esrs_core::AppendBatch::MAX_PAYLOAD_LENGTH), 16 MiB.
    ///
    /// A payload that is stored already is read, whatever its length is.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes.min(AppendBatch::MAX_PAYLOAD_LENGTH);
        self
    }

    /// Sets how often a call that waits for events looks for them, in addition to being woken: between
    /// 1 ms and an hour.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.clamp(Self::SHORTEST_INTERVAL, Self::LONGEST_INTERVAL);
        self
    }

    /// Keeps the table of `P` up to date in the transaction of every append of this store: a caller that reads
    /// what was appended finds the rows that follow from it.
    ///
    /// The table is made and caught up when the store is opened, and again with an append, if a process
    /// without `P` has appended meanwhile, or another process has [imported](PostgresStore::import). An append
    /// whose events `P` cannot take is answered with [`StoreError::Projection`], or with
    /// [`StoreError::RowRefused`] if the table refuses a row, and nothing of it is stored.
    ///
    /// An event that is in the log already refuses no append and does not keep the store closed: if `P`
    /// cannot take it, its stream is [parked](esrs_core::subscription::ParkingStore::parked). A stream
    /// that must be tried again is, with the next append or when a store is opened. An event of a newer
    /// schema version than this program knows is not parked: appends and `open` answer with the error until
    /// the newer program is deployed. A program whose definition of `P` was replaced by a newer one goes on
    /// without its rows, and logs a warning.
    ///
    /// An append is a transaction of several statements then, which holds the log for as long: where that
    /// is too slow, a runner is a few milliseconds behind and costs the append nothing.
    pub fn inline<P: Projection>(mut self) -> Self {
        self.inline.push(Registered::new::<P>());
        self
    }

    /// Rebuilds the tables of inline projections whose definition has changed, while the store is
    /// opened: next to the old ones, from the whole log.
    ///
    /// Without it such a table is an error, [`StoreError::ProjectionChanged`]: to make a large one
    /// again takes a while, and an older program that still runs is locked out of it.
    pub fn rebuild_changed(mut self) -> Self {
        self.rebuild_changed = true;
        self
    }

    /// Encrypts connections by this connector, as the url's `sslmode` demands. Without it they are
    /// encrypted by rustls, with the roots of the operating system (feature `tls`; `postgres-tls` of `esrs`).
    ///
    /// | `sslmode` | |
    /// | --- | --- |
    /// | none | `require`; `prefer` for a socket or the loopback interface of this machine |
    /// | `disable` | never encrypted |
    /// | `prefer` | encrypted if the server says that it can: a password may be sent in clear to any server that answers |
    /// | `require`, `verify-full` | encrypted, or not connected; rustls accepts only a trusted certificate of this host, another connector what it is made for |
    ///
    /// `verify-ca` is refused. Without the feature, and with [`NoTls`](tokio_postgres::NoTls), nothing is
    /// encrypted: a url without `sslmode` is connected to in clear.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), esrs_core::StoreError> {
    /// use esrs_postgres::PostgresStore;
    ///
    /// // Never, on a socket of this machine; or a connector of your own for a certificate of your own.
    /// let store = PostgresStore::builder("postgres://bank@/bank?host=/run/postgresql")
    ///     .tls(tokio_postgres::NoTls)
    ///     .open()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn tls<T>(mut self, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        self.encrypts = TypeId::of::<T>() != TypeId::of::<NoTls>();
        self.connect = Box::new(move |config, runtime, limits| {
            Ok(Connector::new(config, tls, runtime, limits))
        });
        self
    }

    /// Opens the log, or makes it, and brings its tables up to date.
    ///
    /// # Errors
    /// - [`StoreError::Unavailable`] when the server cannot be reached;
    /// - [`StoreError::Denied`] when it does not let the user in, or the user may not make the tables;
    /// - [`StoreError::NotADatabase`] when it has no such database;
    /// - [`StoreError::NewerSchema`] when a newer esrs has made the tables;
    /// - [`StoreError::Projection`], [`StoreError::ProjectionChanged`] or
    ///   [`StoreError::ProjectionTable`] when an inline read model cannot be brought up to date, and
    ///   [`StoreError::Busy`] when another transaction reads one that must be replaced for too long;
    /// - [`StoreError::SubscriptionTaken`] if a table is [`inline`](Self::inline) twice;
    /// - [`StoreError::Database`] outside of a Tokio runtime, on which the store's connections live, and
    ///   for any other error of the database.
    pub async fn open(self) -> Result<PostgresStore, StoreError> {
        let Self {
            url,
            schema,
            read_model_schema,
            readers,
            busy_timeout,
            timeout,
            poll_interval,
            max_payload,
            inline,
            rebuild_changed,
            connect,
            encrypts,
        } = self;
        Registered::check_distinct(&inline)?;
        let failed = |source: BoxError| StoreError::Database { doing: DOING, source };
        let mut config = sslmode::config_of(&url, encrypts)?;
        complete(&mut config);
        let location = location(&config, (busy_timeout, busy_timeout + timeout));
        let sql = Sql::new(&schema)?;
        let subscriptions = Subscriptions::new(&sql, read_model_schema)?;
        let runtime = Handle::try_current().map_err(|_| {
            failed(
                "found no Tokio runtime here; open the store within one, which then drives it"
                    .into(),
            )
        })?;
        let statement = busy_timeout + timeout;
        let timer = Timer::new(&runtime);
        let connector = connect(config, runtime, SessionLimits { lock: busy_timeout, statement })?;
        let pools = Pools::new(&connector, readers);
        let preparing = async {
            let client = pools.readers.get(busy_timeout, &timer, &location).await?;
            schema::check_server(&client, &location).await?;
            session::check(&client, &connector, &location).await?;
            schema::migrate(&client, &sql, &location).await?;
            client.give_back();
            Ok(())
        };
        let prepared = timer.within(statement, preparing).await;
        prepared.unwrap_or_else(|_| Err(location.timed_out(DOING, statement)))?;
        let (writer, listener) = (Writer::default(), Listener::default());
        let (names, counters) = (Names::new(), Counters::default());
        let notifier = Notifier::default();
        let shared = Arc::new(Shared {
            connector,
            pools,
            timer,
            sql,
            names,
            location,
            busy_timeout,
            timeout,
            poll_interval,
            max_payload,
            writer,
            room: Room::new(),
            listener,
            notifier,
            counters,
            key_lookups: KeyLookups::default(),
            subscriptions,
            inline,
        });
        let store = PostgresStore::start(shared.clone(), Inline::new(&shared)?);
        for registered in &shared.inline {
            if let Err(error) = registered.prepare(&store, rebuild_changed).await {
                store.close().await;
                return Err(error);
            }
        }
        Ok(store)
    }
}

/// Says what the url leaves open.
fn complete(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if config.get_keepalives_idle() == IDLE_OF_DRIVER {
        config.keepalives_idle(IDLE);
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(IDLE_INTERVAL);
        }
    }
    if config.get_application_name().is_none() {
        config.application_name("esrs");
    }
}

#[cfg(feature = "tls")]
fn by_default(
    config: Config,
    runtime: Handle,
    limits: SessionLimits,
) -> Result<Connector, StoreError> {
    Ok(Connector::new(config, crate::tls::with_native_roots()?, runtime, limits))
}

#[cfg(not(feature = "tls"))]
fn by_default(
    config: Config,
    runtime: Handle,
    limits: SessionLimits,
) -> Result<Connector, StoreError> {
    Ok(Connector::new(config, NoTls, runtime, limits))
}

/// Returns the location of the database, without a password: `postgres://user@host:port/name`.
fn location(config: &Config, (busy_timeout, longest_call): (Duration, Duration)) -> Location {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let name = format!("postgres://{user}{host}{port}/{name}");
    Location { name, busy_timeout, longest_call }
}

impl std::fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The url may hold a password.
        f.debug_struct("PostgresStoreBuilder").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(url: &str) -> Config {
        let mut config = url.parse().expect(url);
        complete(&mut config);
        config
    }

    #[test]
    fn a_server_that_falls_silent_is_given_up_within_a_minute() {
        let config = completed("postgres://localhost/bank");
        assert_eq!(config.get_connect_timeout(), Some(&CONNECT_TIMEOUT));
        assert_eq!(config.get_tcp_user_timeout(), Some(&SILENCE));
        assert!(config.get_keepalives() && IDLE + SILENCE < Duration::from_secs(60));
        assert_eq!(config.get_keepalives_idle(), IDLE);
        assert_eq!(config.get_keepalives_interval(), Some(IDLE_INTERVAL));
    }

    #[test]
    fn what_the_url_says_stays() {
        let config = completed(
            "postgres://localhost/bank?connect_timeout=1&tcp_user_timeout=2&keepalives_idle=3\
             &keepalives_interval=4&application_name=teller",
        );
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(1)));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(2)));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(3));
        assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(4)));
        assert_eq!(config.get_application_name(), Some("teller"));
    }
}
