//! Connections, whoever asks for them and under whichever executor.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed;
use deadpool_postgres::ClientWrapper;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Error, Socket};

/// What the server sends on its own; the connection works while it is polled.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<AsyncMessage, Error>> + Send>>;

type Open = dyn Fn(Config) -> BoxFuture<'static, Result<(Client, Messages), Error>> + Send + Sync;

/// What a session is set up with: `append` relies on seeing what was committed before each of its
/// statements, and compiling a short query takes longer than running it.
const SET_UP: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET jit = off";

/// Opens connections on the runtime on which the store was opened.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    open: Arc<Open>,
    runtime: Handle,
}

impl Connector {
    pub(crate) fn new<T>(config: Config, tls: T, runtime: Handle) -> Self
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
            Box::pin(opened) as BoxFuture<'static, _>
        };
        Self { config, open: Arc::new(open), runtime }
    }

    /// The runtime on which connections live.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// A connection whose messages somebody else takes; polled on the store's runtime.
    pub(crate) async fn connect_raw(&self) -> Result<(Client, Messages), ConnectError> {
        self.in_time(async { Ok((self.open)(self.config.clone()).await?) }).await
    }

    /// The driver's own limit ends when somebody has accepted. Who then says nothing, such as a proxy
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
    pub(crate) async fn connect(&self) -> Result<ClientWrapper, ConnectError> {
        let this = self.clone();
        let opened = self.runtime.spawn(async move {
            let (client, mut messages) = this.connect_raw().await?;
            let task = tokio::spawn(async move {
                while let Some(message) = messages.next().await {
                    match message {
                        Ok(AsyncMessage::Notice(notice)) => tracing::debug!(%notice, "PostgreSQL"),
                        Ok(_) => {}
                        Err(error) => {
                            tracing::warn!(%error, "a connection to PostgreSQL was lost");
                            return;
                        }
                    }
                }
            });
            this.in_time(async { Ok(client.batch_execute(SET_UP).await?) }).await?;
            Ok(ClientWrapper::new(client, task))
        });
        // It is cancelled when the runtime ends.
        opened.await.unwrap_or(Err(ConnectError::NoRuntime))
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
}

/// Makes the connections of the pool.
pub(crate) struct Manager(pub(crate) Connector);

/// The connections that read.
pub(crate) type Pool = managed::Pool<Manager>;
/// One of them, while somebody has it.
pub(crate) type Pooled = managed::Object<Manager>;

impl managed::Manager for Manager {
    type Type = ClientWrapper;
    type Error = ConnectError;

    async fn create(&self) -> Result<ClientWrapper, ConnectError> {
        self.0.connect().await
    }

    async fn recycle(
        &self,
        client: &mut ClientWrapper,
        _: &managed::Metrics,
    ) -> managed::RecycleResult<ConnectError> {
        match client.is_closed() {
            true => Err(managed::RecycleError::message("the connection is closed")),
            false => Ok(()),
        }
    }
}
