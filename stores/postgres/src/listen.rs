//! Waking those who wait for new events.
//!
//! A `NOTIFY` within each append would hold a lock of the whole server while that commits, and would
//! make it a tenth slower; so it is sent in parallel with the appends, and one serves all that came meanwhile.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use esrs_core::StoreError;
use futures_util::StreamExt;
use futures_util::future::try_join;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;

use crate::connect::{ConnectError, Connector};
use crate::pool::{Reader, ask};
use crate::store::Shared;

/// The time to wait after a connection was refused or lost.
const BACK_OFF: Duration = Duration::from_millis(200);

/// The shortest time between two notifications: each takes about as much of a processor as an append.
const INTERVAL: Duration = Duration::from_millis(5);

/// The notifier that tells all processes that something was appended by this one.
#[derive(Default)]
pub(crate) struct Notifier(Arc<Notify>);

impl Notifier {
    pub(crate) fn appended(&self) {
        self.0.notify_one();
    }
}

impl Drop for Notifier {
    /// Ends the notifying task: the store is gone.
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Notifies until the store is dropped.
pub(crate) async fn notify(shared: Weak<Shared>) {
    let Some(appended) = shared.upgrade().map(|shared| shared.notifier.0.clone()) else { return };
    loop {
        appended.notified().await;
        let Some(shared) = shared.upgrade() else { return };
        shared.listener.appended.send_replace(());
        if let Err(error) = notify_once(&shared).await {
            tracing::debug!(%error, "nobody was told of new events, who will have to look");
        }
        drop(shared);
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn notify_once(shared: &Shared) -> Result<(), StoreError> {
    ask!(shared, |reader| send(shared, &reader))
}

async fn send(shared: &Shared, reader: &Reader<'_>) -> Result<(), StoreError> {
    let sent = reader.client.batch_execute(&shared.sql.notify).await;
    sent.map_err(|error| shared.location.explain("telling of new events", error))
}

/// The listener that tells waiting tasks that something was appended, by whichever process.
///
/// It has a connection of its own, which is opened at the first wait.
#[derive(Default)]
pub(crate) struct Listener {
    appended: watch::Sender<()>,
    task: Mutex<Option<AbortHandle>>,
}

impl Listener {
    /// Returns a receiver that changes whenever something was appended. It may change without that, too.
    pub(crate) fn subscribe(&self, connector: &Connector, statement: &str) -> watch::Receiver<()> {
        let mut task = self.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if task.is_none() {
            let listening = listen(connector.clone(), statement.to_owned(), self.appended.clone());
            *task = Some(connector.runtime().spawn(listening).abort_handle());
        }
        self.appended.subscribe()
    }

    /// Stops listening.
    pub(crate) fn stop(&self) {
        let mut task = self.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Listens, and connects again whenever the connection is lost.
async fn listen(connector: Connector, statement: String, appended: watch::Sender<()>) {
    loop {
        if let Err(error) = listen_once(&connector, &statement, &appended).await {
            tracing::warn!(error = %error.said(), "new events are only polled for until PostgreSQL is back");
        }
        tokio::time::sleep(BACK_OFF).await;
    }
}

async fn listen_once(
    connector: &Connector,
    statement: &str,
    appended: &watch::Sender<()>,
) -> Result<(), ConnectError> {
    let (client, mut messages) = connector.connect_raw().await?;
    let work = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(_) = message? {
                appended.send_replace(());
            }
        }
        Ok(())
    };
    let begin = async {
        let listening = async {
            connector.set_up(&client).await?;
            Ok(client.batch_execute(statement).await?)
        };
        connector.in_time(listening).await?;
        // What came before it listened told nobody.
        appended.send_replace(());
        Ok(())
    };
    try_join(work, begin).await.map(drop)
}
