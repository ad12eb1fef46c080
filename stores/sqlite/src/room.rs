//! The room that appends take while they are queued.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::StoreError;
use futures_channel::oneshot;

use crate::clock::Clock;

/// The bytes of appends that may be queued at once. Appends that come when there is no room wait outside,
/// with their callers, in the order in which they came.
pub(crate) struct Room {
    state: Mutex<State>,
    longest_wait: Duration,
    /// The reason that a refused append is told, such as the name of the file.
    what: String,
    clock: Arc<Clock>,
}

#[derive(Default)]
struct State {
    taken: usize,
    waiters: VecDeque<Waiter>,
    is_closed: bool,
}

struct Waiter {
    until: Instant,
    bytes: usize,
    reply: oneshot::Sender<Result<Place, StoreError>>,
}

/// The room of one append, until it is dropped.
pub(crate) struct Place {
    room: Arc<Room>,
    bytes: usize,
    /// Until when the append may wait, in the queue too.
    pub(crate) until: Instant,
}

impl Room {
    /// The size of the room. An append that is larger takes all of it.
    pub(crate) const BYTES: usize = 32 * 1024 * 1024;
    /// The smallest share of an append, in bytes, which bounds their number, too: 4,096.
    pub(crate) const LEAST: usize = 8 * 1024;

    pub(crate) fn new(what: String, longest_wait: Duration, clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), longest_wait, what, clock })
    }

    /// Waits for room; for the time that jobs may wait in the queue.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] after that time, and [`StoreError::Closed`] if the store is closed.
    pub(crate) async fn enter(self: &Arc<Self>, bytes: usize) -> Result<Place, StoreError> {
        let bytes = bytes.clamp(Self::LEAST, Self::BYTES);
        let until = Instant::now() + self.longest_wait;
        let answer = {
            let mut state = self.lock();
            // Who comes does not go before those who wait.
            if state.is_closed || (state.waiters.is_empty() && state.has_room(bytes)) {
                state.taken += bytes;
                return Ok(Place { room: self.clone(), bytes, until });
            }
            let (reply, answer) = oneshot::channel();
            state.waiters.push_back(Waiter { until, bytes, reply });
            drop(state);
            self.clock.arm(until);
            answer
        };
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Refuses those who wait: a queue that is closed takes nothing more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        for waiter in waiters {
            // A caller that does not wait any more does not have to be told.
            let _ = waiter.reply.send(Err(StoreError::Closed));
        }
    }

    /// Refuses those whose time is over; when that of the next is.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let mut late = Vec::new();
        // They all may wait for as long, so the first has waited longest.
        while state.waiters.front().is_some_and(|waiter| waiter.until <= now) {
            late.extend(state.waiters.pop_front());
        }
        let next = state.waiters.front().map(|waiter| waiter.until);
        drop(state);
        for waiter in late {
            let (location, waited) = (self.what.clone(), self.longest_wait);
            let _ = waiter.reply.send(Err(StoreError::Busy { location, waited }));
        }
        next
    }

    fn leave(self: &Arc<Self>, bytes: usize) {
        let mut let_in = Vec::new();
        {
            let mut state = self.lock();
            state.taken -= bytes;
            while let Some(waiter) = state.waiters.front() {
                let (bytes, is_gone) = (waiter.bytes, waiter.reply.is_canceled());
                if !is_gone && !state.has_room(bytes) {
                    break;
                }
                let Some(waiter) = state.waiters.pop_front() else { break };
                if !is_gone {
                    state.taken += bytes;
                    let_in.push(waiter);
                }
            }
        }
        // Without the lock: a place whose caller is gone by now is dropped here.
        for Waiter { until, bytes, reply } in let_in {
            let _ = reply.send(Ok(Place { room: self.clone(), bytes, until }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self, bytes: usize) -> bool {
        self.taken + bytes <= Room::BYTES
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.leave(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn room() -> Arc<Room> {
        Room::new("it".to_owned(), Duration::from_secs(5), Arc::new(Clock::new()))
    }

    fn now(future: impl Future<Output = Result<Place, StoreError>>) -> Option<Place> {
        let mut future = pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place.unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn no_more_enters_than_there_is_room_for_and_the_first_who_waits_is_next() {
        let room = room();
        let mut context = Context::from_waker(Waker::noop());
        let mut inside: Vec<_> = (0..4_096).map(|_| now(room.enter(1)).unwrap()).collect();
        let (mut large, mut small) = (pin!(room.enter(Room::LEAST * 2)), pin!(room.enter(1)));
        assert!(large.as_mut().poll(&mut context).is_pending());
        assert!(small.as_mut().poll(&mut context).is_pending());
        inside.pop();
        // There is room for the second, which does not overtake the first.
        assert!(small.as_mut().poll(&mut context).is_pending());
        inside.pop();
        let Poll::Ready(Ok(place)) = large.as_mut().poll(&mut context) else { panic!("no room") };
        assert!(small.as_mut().poll(&mut context).is_pending());
        drop(place);
        let Poll::Ready(Ok(place)) = small.as_mut().poll(&mut context) else { panic!("no room") };
        drop((place, inside));
        assert_eq!(room.lock().taken, 0);
        // What is larger than the room has it for itself.
        let all = now(room.enter(usize::MAX)).unwrap();
        assert!(now(room.enter(1)).is_none());
        drop(all);
        let state = room.lock();
        assert_eq!((state.taken, state.waiters.len()), (0, 0));
    }

    #[test]
    fn callers_that_are_gone_take_no_room() {
        let room = room();
        let all = now(room.enter(Room::BYTES)).unwrap();
        for _ in 0..10_000 {
            assert!(now(room.enter(1)).is_none());
        }
        drop(all);
        assert!(now(room.enter(Room::BYTES)).is_some());
    }

    #[test]
    fn who_waits_is_refused_in_time_and_when_the_store_is_closed() {
        let room = room();
        let all = now(room.enter(Room::BYTES)).unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut late = pin!(room.enter(1));
        assert!(late.as_mut().poll(&mut context).is_pending());
        assert!(room.expire(Instant::now()).is_some());
        assert_eq!(room.expire(Instant::now() + Duration::from_secs(5)), None);
        assert!(matches!(
            late.as_mut().poll(&mut context),
            Poll::Ready(Err(StoreError::Busy { .. }))
        ));
        let mut closed = pin!(room.enter(1));
        assert!(closed.as_mut().poll(&mut context).is_pending());
        room.close();
        assert!(matches!(closed.as_mut().poll(&mut context), Poll::Ready(Err(StoreError::Closed))));
        drop(all);
    }
}
