//! Time limits that hold under any executor, by one task on the store's runtime.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// The time after which a limit is no limit; a point in time that far away can be computed.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Wakes those whose time is over.
pub(crate) struct Timer {
    waiting: Arc<Waiting>,
    task: AbortHandle,
}

#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    /// The next time came closer.
    changed: Notify,
}

#[derive(Default)]
struct State {
    wakers: BTreeMap<(Instant, u64), Waker>,
    number: u64,
    /// The time until which the task sleeps.
    wakes_at: Option<Instant>,
    /// The runtime has ended, and nobody is woken any more.
    has_ended: bool,
}

/// The reason why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elapsed {
    /// The time is over.
    Time,
    /// The runtime of the store has ended.
    Runtime,
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is ever half done.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Timer {
    pub(crate) fn new(runtime: &Handle) -> Self {
        let waiting = Arc::new(Waiting::default());
        let task = runtime.spawn(run(AtEnd(waiting.clone()))).abort_handle();
        Self { waiting, task }
    }

    /// The result of a future, if it has one in time.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        self.until(Instant::now() + limit.min(LONGEST), future).await
    }

    /// The same until a point in time.
    pub(crate) async fn until<T>(
        &self,
        at: Instant,
        future: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        let mut future = pin!(future);
        let mut entry = Entry { waiting: &self.waiting, at, number: None };
        poll_fn(move |context| match future.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => entry.poll(context).map(Err),
        })
        .await
    }

    /// Waits; an error when the runtime has ended.
    pub(crate) async fn sleep(&self, time: Duration) -> Result<(), Elapsed> {
        match self.within(time, std::future::pending::<()>()).await {
            Err(Elapsed::Runtime) => Err(Elapsed::Runtime),
            _ => Ok(()),
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A future that waits.
struct Entry<'a> {
    waiting: &'a Waiting,
    at: Instant,
    number: Option<u64>,
}

impl Entry<'_> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<Elapsed> {
        if Instant::now() >= self.at {
            return Poll::Ready(Elapsed::Time);
        }
        let mut state = self.waiting.state();
        if state.has_ended {
            return Poll::Ready(Elapsed::Runtime);
        }
        let number = *self.number.get_or_insert_with(|| {
            state.number += 1;
            state.number
        });
        state.wakers.insert((self.at, number), context.waker().clone());
        let is_sooner = state.wakes_at.is_none_or(|wakes_at| wakes_at > self.at);
        drop(state);
        if is_sooner {
            self.waiting.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = self.waiting.state().wakers.remove(&(self.at, number));
            drop(waker);
        }
    }
}

/// Wakes everybody when the task ends, whose runtime has ended.
struct AtEnd(Arc<Waiting>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.has_ended = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_values().for_each(Waker::wake);
    }
}

async fn run(waiting: AtEnd) {
    let waiting = &waiting.0;
    loop {
        let (late, next) = {
            let mut state = waiting.state();
            let later = state.wakers.split_off(&(Instant::now(), u64::MAX));
            let late = std::mem::replace(&mut state.wakers, later);
            state.wakes_at = state.wakers.keys().next().map(|(at, _)| *at);
            (late, state.wakes_at)
        };
        late.into_values().for_each(Waker::wake);
        let changed = waiting.changed.notified();
        match next {
            Some(at) => drop(tokio::time::timeout_at(at.into(), changed).await),
            None => changed.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_under_another_executor_and_a_result_in_time_is_given() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .expect("it can be built");
        let timer = Timer::new(runtime.handle());
        let never = || std::future::pending::<()>();
        let wait = Duration::from_millis(20);
        futures_executor::block_on(async {
            assert_eq!(timer.within(Duration::MAX, async { 7 }).await, Ok(7));
            let begun = Instant::now();
            // The longer one is entered first.
            let long = timer.within(10 * wait, never());
            let short = timer.within(wait, never());
            assert_eq!(
                futures_util::future::join(long, short).await,
                (Err(Elapsed::Time), Err(Elapsed::Time))
            );
            assert!(begun.elapsed() >= 10 * wait);
            assert_eq!(timer.sleep(wait).await, Ok(()));
        });
        assert!(timer.waiting.state().wakers.is_empty());
        let waiting = std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| futures_executor::block_on(timer.within(Duration::MAX, never())));
            std::thread::sleep(wait);
            runtime.shutdown_background();
            waiting.join().expect("it does not panic")
        });
        assert_eq!(waiting, Err(Elapsed::Runtime), "it was not told that the runtime has ended");
    }
}
