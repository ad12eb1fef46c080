//! Writing snapshots, off the way of commands.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_channel::oneshot;

use super::super::fold::Fold;
use super::super::warm::Warm;
use super::super::{LoadError, SnapshotError};
use super::Codec;
use crate::aggregate::Aggregate;
use crate::event::StreamId;
use crate::log::{AsOf, Page, Snapshot};
use crate::store::EventStore;
use crate::value::{from_json, guarded, to_json};

/// A request to the thread that writes snapshots.
enum Job {
    Write(StreamId),
    /// A caller that waits until all earlier requests are done.
    Done(oneshot::Sender<()>),
}

type Pending = Mutex<HashMap<StreamId, u64>>;

/// Writes snapshots on a thread of its own, which is started when the first is due.
pub(in crate::repository) struct SnapshotWriter<A> {
    store: Arc<dyn EventStore>,
    codec: Codec<A>,
    jobs: OnceLock<Option<Sender<Job>>>,
    /// The requests that are not begun, and the version of each, so that a stream is requested once.
    pending: Arc<Pending>,
}

impl<A: Aggregate> SnapshotWriter<A> {
    pub(super) fn new(store: Arc<dyn EventStore>, codec: Codec<A>) -> Self {
        Self { store, codec, jobs: OnceLock::new(), pending: Arc::default() }
    }

    /// Asks for a snapshot of this stream at this version.
    pub(super) fn request(&self, stream: StreamId, version: u64) {
        let is_new = lock(&self.pending).insert(stream.clone(), version).is_none();
        if is_new && let Some(jobs) = self.jobs.get_or_init(|| self.start()) {
            // The thread ends only with this sender.
            let _ = jobs.send(Job::Write(stream));
        }
    }

    /// Waits until all that was asked for is written, or was given up.
    pub(in crate::repository) async fn done(&self) {
        let Some(Some(jobs)) = self.jobs.get() else { return };
        let (done, is_done) = oneshot::channel();
        if jobs.send(Job::Done(done)).is_ok() {
            // It is cancelled when the thread has ended.
            let _ = is_done.await;
        }
    }

    fn start(&self) -> Option<Sender<Job>> {
        let (sender, jobs) = channel();
        let (store, codec, pending) = (self.store.clone(), self.codec, self.pending.clone());
        let thread = thread::Builder::new().name(format!("esrs-snapshots-{}", A::NAME));
        match thread.spawn(move || run(&*store, codec, &pending, &jobs)) {
            Ok(_) => Some(sender),
            Err(error) => {
                tracing::error!(%error, "no snapshot is written: its thread cannot be started");
                None
            }
        }
    }
}

fn run<A: Aggregate>(
    store: &dyn EventStore,
    codec: Codec<A>,
    pending: &Pending,
    jobs: &Receiver<Job>,
) {
    let mut page = Page::new();
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Write(stream) => {
                let version = lock(pending).remove(&stream);
                let as_of = version.map_or(AsOf::Now, AsOf::Version);
                let written = block_on(write(store, codec, (&stream, as_of), &mut page));
                match written {
                    Ok(version) => {
                        tracing::debug!(stream = %crate::value::escaped(&stream), version, "a snapshot was written")
                    }
                    Err(error) => {
                        tracing::error!(stream = %crate::value::escaped(&stream), %error, "no snapshot was written")
                    }
                }
            }
            Job::Done(done) => {
                // Who does not wait any more does not have to be told.
                let _ = done.send(());
            }
        }
    }
}

/// Folds the stream up to a point in its history, and keeps its state: by the way of every load, so that the
/// snapshot is what a load would find. Answers with the version that is stored.
pub(in crate::repository) async fn write<A: Aggregate>(
    store: &dyn EventStore,
    codec: Codec<A>,
    (stream, as_of): (&StreamId, AsOf),
    page: &mut Page,
) -> Result<u64, SnapshotError> {
    let mut fold = Fold::<A>::new(store, stream, Some(codec))?.or_from_a_later_snapshot();
    while fold.next_page(page, as_of, true).await? {}
    let (replayed, reached) = (fold.replayed(), fold.reached());
    let Warm { state, version, last_event, .. } = fold.into_warm();
    let reached = reached.zip(last_event).filter(|_| replayed.events > 0);
    let Some(((position, recorded_at), event_id)) = reached else {
        // There is nothing, or all of it stands in the snapshot that is kept.
        return Ok(version);
    };
    let stream = stream.clone();
    if let Err(source) = (codec.check_formats)() {
        return Err(SnapshotError::Format { stream, version, source });
    }
    let json = match to_json(|| (codec.to_json)(&state)) {
        Ok(json) => json,
        Err(source) => {
            return Err(SnapshotError::Unwritable { stream, version, source: source.into() });
        }
    };
    let again = match from_json(|| (codec.from_json)(&json)) {
        Ok(again) => again,
        Err(source) => {
            return Err(SnapshotError::Unreadable { stream, version, source: source.into() });
        }
    };
    match guarded(|| (codec.is_same)(&state, &again)) {
        Ok(true) => {}
        Ok(false) => return Err(SnapshotError::Different { stream, version }),
        Err(message) => return Err(SnapshotError::Uncomparable { stream, version, message }),
    }
    let (fold, state) = (codec.fold, json);
    let snapshot = Snapshot { stream, version, position, event_id, recorded_at, fold, state };
    store.save_snapshot(snapshot).await.map_err(LoadError::from)?;
    Ok(version)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread: the core brings no executor, and this is all it needs of one.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
