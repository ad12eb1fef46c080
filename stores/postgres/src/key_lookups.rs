//! Look-ups of idempotency keys. Those that come while one is under way are sent together, by one statement:
//! an import that is repeated asks for one key after another, and its tasks for many at once.

use std::sync::{Arc, Mutex, MutexGuard};

use esrs_core::{IdempotencyKey, StoreError, StreamId};
use tokio::sync::oneshot;

use crate::find::{self, StoredKey};
use crate::pool::ask;
use crate::store::Shared;

/// The look-ups that wait for the one under way.
#[derive(Default)]
pub(crate) struct KeyLookups(Mutex<State>);

#[derive(Default)]
struct State {
    is_under_way: bool,
    waiting: Vec<Waiting>,
}

/// A look-up that waits. It is done by its caller if the reply is dropped.
struct Waiting {
    stream: StreamId,
    key: IdempotencyKey,
    reply: oneshot::Sender<Option<StoredKey>>,
}

impl KeyLookups {
    /// The largest number that one statement looks for.
    const MAX_TOGETHER: usize = 256;
    /// Whenever so many more wait, those are dropped whose callers do not wait any more.
    const MANY: usize = 1_024;

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is ever half done.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for the look-up under way; `None` if there is none, and this one is under way now.
    fn enter(
        &self,
        stream: &StreamId,
        key: &IdempotencyKey,
    ) -> Option<oneshot::Receiver<Option<StoredKey>>> {
        let mut state = self.state();
        if !state.is_under_way {
            state.is_under_way = true;
            return None;
        }
        if !state.waiting.is_empty() && state.waiting.len().is_multiple_of(Self::MANY) {
            state.waiting.retain(|waiting| !waiting.reply.is_closed());
        }
        let (reply, found) = oneshot::channel();
        state.waiting.push(Waiting { stream: stream.clone(), key: key.clone(), reply });
        Some(found)
    }

    /// The next ones to look for; after `None` nothing is under way.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        state.waiting.retain(|waiting| !waiting.reply.is_closed());
        let count = state.waiting.len().min(Self::MAX_TOGETHER);
        state.is_under_way = count > 0;
        (count > 0).then(|| state.waiting.drain(..count).collect())
    }

    /// Ends what is under way; each that waits is done by its caller.
    fn give_up(&self) {
        let mut state = self.state();
        state.is_under_way = false;
        state.waiting.clear();
    }
}

/// Finds what is stored under a key.
pub(crate) async fn find(
    shared: &Arc<Shared>,
    stream: &StreamId,
    key: &IdempotencyKey,
) -> Result<Option<StoredKey>, StoreError> {
    let finding = async {
        let Some(found) = shared.key_lookups.enter(stream, key) else {
            let under_way = UnderWay(shared);
            let found = ask!(shared, |reader| find::by_key(&reader, stream, key));
            drop(under_way);
            return found;
        };
        match found.await {
            Ok(found) => Ok(found),
            Err(_) => ask!(shared, |reader| find::by_key(&reader, stream, key)),
        }
    };
    shared.in_time(shared.longest_call(), finding).await
}

/// The look-up of one caller. When it is answered or dropped, those that wait are looked for together.
struct UnderWay<'a>(&'a Arc<Shared>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(next) = self.0.key_lookups.next() {
            let together = Together { shared: self.0.clone(), is_done: false };
            self.0.connector.runtime().spawn(together.run(next));
        }
    }
}

/// The look-ups for several callers, as a task of the store.
struct Together {
    shared: Arc<Shared>,
    is_done: bool,
}

impl Together {
    async fn run(mut self, first: Vec<Waiting>) {
        let mut next = Some(first);
        while let Some(waiting) = next {
            let keys: Vec<_> = waiting.iter().map(|one| (&one.stream, &one.key)).collect();
            let shared = &self.shared;
            match ask!(shared, |reader| find::by_keys(&reader, &keys)) {
                Ok(found) => {
                    for (one, found) in waiting.into_iter().zip(found) {
                        // A caller that does not wait any more needs no answer.
                        let _ = one.reply.send(found);
                    }
                }
                Err(error) => tracing::debug!(%error, "keys are looked for one by one"),
            }
            next = self.shared.key_lookups.next();
        }
        self.is_done = true;
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        if !self.is_done {
            self.shared.key_lookups.give_up();
        }
    }
}
