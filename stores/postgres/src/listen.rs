//! Waking those who wait for new events.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::try_join;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;

use crate::connect::{ConnectError, Connector};

/// How long to wait after a connection was refused or lost.
const BACK_OFF: Duration = Duration::from_millis(200);

/// What tells those who wait that something was appended, by whichever process.
///
/// It has a connection of its own, which is opened when somebody first waits.
#[derive(Default)]
pub(crate) struct Listener {
    appended: watch::Sender<()>,
    task: Mutex<Option<AbortHandle>>,
}

impl Listener {
    /// What changes whenever something was appended. It may change without that, too.
    pub(crate) fn subscribe(&self, connector: &Connector, channel: &str) -> watch::Receiver<()> {
        let mut task = self.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if task.is_none() {
            let listening = listen(connector.clone(), channel.to_owned(), self.appended.clone());
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

/// Listens, and connects anew whenever the connection is lost.
async fn listen(connector: Connector, channel: String, appended: watch::Sender<()>) {
    loop {
        if let Err(error) = listen_once(&connector, &channel, &appended).await {
            tracing::warn!(?error, "new events are only polled for until PostgreSQL is back");
        }
        tokio::time::sleep(BACK_OFF).await;
    }
}

async fn listen_once(
    connector: &Connector,
    channel: &str,
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
        client.batch_execute(&format!("LISTEN {channel}")).await?;
        // What came before it listened told nobody.
        appended.send_replace(());
        Ok(())
    };
    try_join(work, begin).await.map(drop)
}
