//! Group commit: a task that appends all that has come while it waited for the last answer.

use tokio::sync::{mpsc, oneshot};

use crate::Tried;
use crate::group::{Answer, Group, Part};
use crate::session::Session;

const MAX_COMMANDS: usize = 512;

struct Queued {
    part: Part,
    reply: oneshot::Sender<Result<Answer, String>>,
}

/// The way into the queue.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::UnboundedSender<Queued>,
}

impl Writer {
    /// Starts the task; it ends with the last handle, and gives the session back.
    pub(crate) fn start(session: Session) -> (Self, tokio::task::JoinHandle<Session>) {
        let (queue, jobs) = mpsc::unbounded_channel();
        (Self { queue }, tokio::spawn(drain(session, jobs)))
    }

    pub(crate) async fn append(&self, part: Part) -> Tried<Answer> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Queued { part, reply }).map_err(|_| "the writer has ended")?;
        Ok(answer.await??)
    }
}

async fn drain(session: Session, mut jobs: mpsc::UnboundedReceiver<Queued>) -> Session {
    let mut group = Vec::new();
    while let Some(first) = jobs.recv().await {
        group.push(first);
        // Who was answered just now is about to come again.
        let mut before = 0;
        while group.len() > before && group.len() < MAX_COMMANDS {
            before = group.len();
            tokio::task::yield_now().await;
            while group.len() < MAX_COMMANDS
                && let Ok(next) = jobs.try_recv()
            {
                group.push(next);
            }
        }
        let mut arrays = Group::default();
        group.iter().for_each(|queued: &Queued| arrays.push(&[queued.part]));
        let answers = session.append(&arrays).await.map_err(|error| format!("{error:?}"));
        for (place, queued) in group.drain(..).enumerate() {
            let answer = answers.as_ref().map(|answers| answers[place]).map_err(String::clone);
            // Who does not wait any more does not have to be told.
            let _ = queued.reply.send(answer);
        }
    }
    session
}
