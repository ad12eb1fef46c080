//! The exchange of messages with the server, worked by the task that waits for an answer.
//!
//! The driver leaves it to a task of its own: each statement wakes that task, and its answer wakes the one
//! that waits, on another thread as a rule. So the task that waits may work the connection meanwhile, and the
//! connection's own task does it at all other times.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;
use tokio_postgres::{AsyncMessage, Error};

/// Messages that the server sends on its own; the connection works while it is polled.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<AsyncMessage, Error>> + Send>>;

/// Takes what the server sends on its own.
type Take = Box<dyn Fn(Result<AsyncMessage, Error>) + Send + Sync>;

/// The number of times that the connection is polled within one poll.
const MOST_ROUNDS: usize = 4;

/// A connection that is worked by one task at a time.
pub(crate) struct Exchange {
    /// `None` once it has ended.
    messages: Mutex<Option<Messages>>,
    take: Take,
    turns: Arc<Turns>,
    of_connection: Waker,
    of_answer: Waker,
}

/// The tasks that work the connection, and the one whose turn it is.
#[derive(Default)]
struct Turns(Mutex<State>);

#[derive(Default)]
struct State {
    own: Option<Waker>,
    guest: Option<Guest>,
    /// The connection has something to do.
    is_woken: bool,
}

/// The task that waits for an answer.
struct Guest {
    waker: Waker,
    /// It is about to look at both, so that it needs no waking.
    is_polling: bool,
    is_answered: bool,
    /// It may not be polled any more: the own task works in parallel.
    is_idle: bool,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is ever half done.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Wakes the task that works the connection.
struct OfConnection(Arc<Turns>);

impl Wake for OfConnection {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.0.state();
        state.is_woken = true;
        let waker = match &state.guest {
            Some(Guest { is_polling: true, .. }) => None,
            Some(Guest { waker, is_idle: false, .. }) => Some(waker.clone()),
            _ => state.own.clone(),
        };
        drop(state);
        wake(waker);
    }
}

/// Wakes the guest.
struct OfAnswer(Arc<Turns>);

impl Wake for OfAnswer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.0.state();
        let Some(guest) = &mut state.guest else { return };
        guest.is_answered = true;
        let waker = (!guest.is_polling).then(|| guest.waker.clone());
        drop(state);
        wake(waker);
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Exchange {
    pub(crate) fn new(
        messages: Messages,
        take: impl Fn(Result<AsyncMessage, Error>) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let turns = Arc::new(Turns::default());
        Arc::new(Self {
            messages: Mutex::new(Some(messages)),
            take: Box::new(take),
            of_connection: Waker::from(Arc::new(OfConnection(turns.clone()))),
            of_answer: Waker::from(Arc::new(OfAnswer(turns.clone()))),
            turns,
        })
    }

    /// Works the connection until it ends, whenever nobody else does. Dropped, it ends the connection.
    pub(crate) async fn run(self: Arc<Self>) {
        let ending = End(&self);
        poll_fn(|context| {
            let mut state = self.turns.state();
            match &mut state.own {
                Some(own) => own.clone_from(context.waker()),
                own => *own = Some(context.waker().clone()),
            }
            let is_worked = state.guest.as_ref().is_some_and(|guest| !guest.is_idle);
            drop(state);
            if is_worked { Poll::Pending } else { self.work() }
        })
        .await;
        drop(ending);
    }

    /// The result of a future that waits for answers on this connection, which is worked meanwhile by the
    /// task that polls it.
    pub(crate) async fn work_until<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut stay = None;
        poll_fn(move |context| {
            if !self.enter(&mut stay, context.waker()) {
                return future.as_mut().poll(context);
            }
            for _ in 0..MOST_ROUNDS {
                let of_answer = &mut Context::from_waker(&self.of_answer);
                if let Poll::Ready(result) = future.as_mut().poll(of_answer) {
                    stay = None;
                    return Poll::Ready(result);
                }
                if self.rest() {
                    return Poll::Pending;
                }
                // Its end is an answer too, which the future is told.
                let _ = self.work();
            }
            // What wakes itself again and again would keep the task from its executor.
            if let Some(guest) = &mut self.turns.state().guest {
                guest.is_polling = false;
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Lets the guest be woken again, unless there is something to do already.
    fn rest(&self) -> bool {
        let mut state = self.turns.state();
        let State { guest: Some(guest), is_woken, .. } = &mut *state else { return false };
        let is_idle = !*is_woken && !guest.is_answered;
        guest.is_polling = !is_idle;
        guest.is_answered = false;
        is_idle
    }

    /// Lets the connection's own task work it, in parallel with a guest that may not be polled any more.
    pub(crate) fn take_over(&self) {
        let mut state = self.turns.state();
        let Some(guest) = &mut state.guest else { return };
        guest.is_idle = true;
        let own = state.own.clone();
        drop(state);
        wake(own);
    }

    /// Ends the connection at once, whether or not the server answers.
    pub(crate) fn end(&self) {
        let ended = self.messages().take();
        drop(ended);
        let own = self.turns.state().own.clone();
        wake(own);
    }

    fn messages(&self) -> MutexGuard<'_, Option<Messages>> {
        // A connection whose poll has panicked is not polled again.
        self.messages.lock().unwrap_or_else(|poisoned| {
            let mut messages = poisoned.into_inner();
            *messages = None;
            messages
        })
    }

    /// Reads and writes what there is; ready when the connection has ended.
    fn work(&self) -> Poll<()> {
        let mut messages = self.messages();
        self.turns.state().is_woken = false;
        let context = &mut Context::from_waker(&self.of_connection);
        while let Some(open) = &mut *messages {
            match open.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => (self.take)(Ok(message)),
                Poll::Ready(ended) => {
                    *messages = None;
                    if let Some(error) = ended {
                        (self.take)(error);
                    }
                }
            }
        }
        Poll::Ready(())
    }

    /// Makes the task of this waker the guest, unless there is another.
    fn enter<'a>(&'a self, stay: &mut Option<Stay<'a>>, waker: &Waker) -> bool {
        let mut state = self.turns.state();
        match (&mut state.guest, &stay) {
            (None, _) => {
                let waker = waker.clone();
                let (is_polling, is_answered, is_idle) = (true, false, false);
                state.guest = Some(Guest { waker, is_polling, is_answered, is_idle });
                // What has come since it was polled last is looked at by the guest.
                state.is_woken = true;
                *stay = Some(Stay(self));
                true
            }
            (Some(guest), Some(_)) => {
                guest.waker.clone_from(waker);
                guest.is_polling = true;
                true
            }
            (Some(_), None) => false,
        }
    }
}

/// The stay of a guest, until this is dropped.
struct Stay<'a>(&'a Exchange);

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.turns.state();
        state.guest = None;
        let own = state.is_woken.then(|| state.own.clone()).flatten();
        drop(state);
        wake(own);
    }
}

/// Ends the connection when its own task is gone.
struct End<'a>(&'a Exchange);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use tokio::sync::oneshot;

    use super::*;

    /// A server that answers when it is told to, and whose answer arrives when the connection is worked.
    #[derive(Default)]
    struct Server(Mutex<Wire>);

    #[derive(Default)]
    struct Wire {
        waiting: Option<Waker>,
        asked: Option<oneshot::Sender<u8>>,
        answer: Option<u8>,
        has_ended: bool,
        /// It does nothing, and has its task polled again.
        wakes_itself: bool,
        polls: usize,
    }

    /// Dropped, it answers nobody any more.
    struct Connection(Arc<Server>);

    impl Drop for Connection {
        fn drop(&mut self) {
            self.0.0.lock().unwrap().asked = None;
        }
    }

    impl Server {
        fn connect(self: &Arc<Self>) -> Arc<Exchange> {
            let server = Connection(self.clone());
            let messages = stream::poll_fn(move |context| {
                let mut wire = server.0.0.lock().unwrap();
                wire.polls += 1;
                if wire.has_ended {
                    return Poll::Ready(None);
                }
                if wire.wakes_itself {
                    drop(wire);
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if wire.asked.is_some()
                    && let Some(answer) = wire.answer.take()
                    && let Some(asked) = wire.asked.take()
                {
                    let _ = asked.send(answer);
                }
                wire.waiting = Some(context.waker().clone());
                Poll::Pending
            });
            Exchange::new(Box::pin(messages), |_| {})
        }

        /// Asks through the connection, which is told that there is something to send.
        async fn ask(&self) -> Option<u8> {
            let (sender, answer) = oneshot::channel();
            let waker = {
                let mut wire = self.0.lock().unwrap();
                wire.asked = Some(sender);
                wire.waiting.clone()
            };
            wake(waker);
            answer.await.ok()
        }

        fn change(&self, change: impl FnOnce(&mut Wire)) {
            let waker = {
                let mut wire = self.0.lock().unwrap();
                change(&mut wire);
                wire.waiting.clone()
            };
            wake(waker);
        }

        fn answer(&self, answer: u8) {
            self.change(|wire| wire.answer = Some(answer));
        }

        fn polls(&self) -> usize {
            self.0.lock().unwrap().polls
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A future, with what counts how often it is woken.
    struct Task<F> {
        future: Pin<Box<F>>,
        wakes: Arc<Wakes>,
    }

    impl<F: Future> Task<F> {
        fn new(future: F) -> Self {
            Self { future: Box::pin(future), wakes: Arc::default() }
        }

        fn poll(&mut self) -> Poll<F::Output> {
            let waker = Waker::from(self.wakes.clone());
            self.future.as_mut().poll(&mut Context::from_waker(&waker))
        }

        fn wakes(&self) -> usize {
            self.wakes.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn who_waits_for_an_answer_works_the_connection_and_wakes_nobody_else() {
        let server = Arc::new(Server::default());
        let exchange = server.connect();
        let mut own = Task::new(exchange.clone().run());
        assert!(own.poll().is_pending());
        for answer in 1..=3 {
            let mut asking = Task::new(exchange.work_until(server.ask()));
            assert!(asking.poll().is_pending());
            assert_eq!(asking.wakes(), 0, "it wakes itself while it looks");
            server.answer(answer);
            assert_eq!(asking.wakes(), 1);
            assert_eq!(asking.poll(), Poll::Ready(Some(answer)));
        }
        assert_eq!(own.wakes(), 0);
        // Nobody waits for an answer: this one is read by the connection's own task.
        server.answer(4);
        assert_eq!(own.wakes(), 1);
        let polls = server.polls();
        assert!(own.poll().is_pending());
        assert_eq!(server.polls(), polls + 1);
    }

    #[test]
    fn what_came_for_a_guest_that_is_gone_is_left_to_the_own_task() {
        let server = Arc::new(Server::default());
        let exchange = server.connect();
        let mut own = Task::new(exchange.clone().run());
        assert!(own.poll().is_pending());
        let mut cancelled = Task::new(exchange.work_until(server.ask()));
        assert!(cancelled.poll().is_pending());
        server.answer(1);
        assert_eq!((cancelled.wakes(), own.wakes()), (1, 0));
        drop(cancelled);
        assert_eq!(own.wakes(), 1, "nobody works the connection");
        assert!(own.poll().is_pending());
        let mut next = Task::new(exchange.work_until(server.ask()));
        assert!(next.poll().is_pending());
        server.answer(2);
        assert_eq!(next.poll(), Poll::Ready(Some(2)));
    }

    #[test]
    fn a_guest_that_is_not_polled_keeps_nobody_waiting_once_the_own_task_takes_over() {
        let server = Arc::new(Server::default());
        let exchange = server.connect();
        let mut own = Task::new(exchange.clone().run());
        assert!(own.poll().is_pending());
        let mut left = Task::new(exchange.work_until(server.ask()));
        assert!(left.poll().is_pending());
        let before = server.polls();
        exchange.take_over();
        assert_eq!(own.wakes(), 1);
        assert!(own.poll().is_pending());
        assert_eq!(server.polls(), before + 1);
        server.answer(1);
        assert_eq!((left.wakes(), own.wakes()), (0, 2), "the guest works it still");
        assert!(own.poll().is_pending());
        assert_eq!(left.wakes(), 1, "it is not told of its answer");
        // Another that asks meanwhile is no guest, and has its answer.
        let mut other = Task::new(exchange.work_until(server.ask()));
        assert!(other.poll().is_pending());
        server.answer(2);
        assert!(own.poll().is_pending());
        assert_eq!((other.wakes(), other.poll()), (1, Poll::Ready(Some(2))));
        // Polled once more and left again, the first leaves the work to the own task.
        assert_eq!(left.poll(), Poll::Ready(Some(1)));
    }

    #[test]
    fn connection_that_wakes_itself_leaves_the_task_to_its_executor() {
        let server = Arc::new(Server::default());
        let exchange = server.connect();
        server.change(|wire| wire.wakes_itself = true);
        let mut asking = Task::new(exchange.work_until(server.ask()));
        for polls in 1..=3 {
            assert!(asking.poll().is_pending());
            assert!(asking.wakes() >= polls, "it waits for what it has to do itself");
        }
        server.change(|wire| wire.wakes_itself = false);
        assert!(asking.poll().is_pending());
        let wakes = asking.wakes();
        server.answer(1);
        assert_eq!(asking.wakes(), wakes + 1);
        assert_eq!(asking.poll(), Poll::Ready(Some(1)));
    }

    #[test]
    fn the_end_of_the_connection_is_an_answer_to_whoever_waits() {
        let server = Arc::new(Server::default());
        for is_own_task_gone in [false, true] {
            server.change(|wire| wire.has_ended = false);
            let exchange = server.connect();
            let mut own = Task::new(exchange.clone().run());
            assert!(own.poll().is_pending());
            let mut asking = Task::new(exchange.work_until(server.ask()));
            assert!(asking.poll().is_pending());
            if is_own_task_gone {
                drop(own);
                assert_eq!(asking.wakes(), 1);
                assert_eq!(asking.poll(), Poll::Ready(None));
            } else {
                server.change(|wire| wire.has_ended = true);
                assert_eq!(asking.wakes(), 1);
                assert_eq!(asking.poll(), Poll::Ready(None));
                assert!(own.poll().is_ready(), "it works a connection that has ended");
            }
        }
    }
}
