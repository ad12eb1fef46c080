//! The instances that commands are at work on: one command of each at a time, and recent states.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_channel::oneshot;
use lru::LruCache;

use super::warm::{Warm, WarmStates};
use crate::event::StreamId;

/// The instances of one repository: commands on one of them take turns, and the state of the last
/// is there for the next.
pub(super) struct Instances<A> {
    bound: WarmStates<A>,
    inner: Mutex<Inner<A>>,
}

struct Inner<A> {
    /// Those that a command has, and who waits for them, in order.
    busy: HashMap<StreamId, VecDeque<oneshot::Sender<Turn<A>>>>,
    /// The places of recent states; one is empty while a command has the state.
    idle: LruCache<StreamId, Option<(Warm<A>, usize)>>,
    /// The weight of the idle ones together.
    weight: usize,
}

/// The right to be the only command of this repository on an instance, and its state, if it is warm.
///
/// It is passed on when it is dropped, also by a command that is cancelled or panics.
pub(super) struct Turn<A> {
    /// `None` once it has been passed on.
    instances: Option<Arc<Instances<A>>>,
    stream: StreamId,
    /// The state, and what a command leaves of it to the next.
    pub(super) warm: Option<Warm<A>>,
}

impl<A> Instances<A> {
    pub(super) fn new(bound: WarmStates<A>) -> Self {
        let inner = Inner { busy: HashMap::new(), idle: LruCache::unbounded(), weight: 0 };
        Self { bound, inner: Mutex::new(inner) }
    }

    /// Waits until no other command of this repository is at work on the instance.
    pub(super) async fn turn(self: &Arc<Self>, stream: &StreamId) -> Turn<A> {
        loop {
            let waiting = {
                let mut inner = self.inner();
                match inner.busy.entry(stream.clone()) {
                    Entry::Vacant(free) => {
                        free.insert(VecDeque::new());
                        let warm = inner.take_idle(stream);
                        let instances = Some(self.clone());
                        return Turn { instances, stream: stream.clone(), warm };
                    }
                    Entry::Occupied(mut busy) => {
                        let (sender, receiver) = oneshot::channel();
                        busy.get_mut().push_back(sender);
                        receiver
                    }
                }
            };
            // The sender is never dropped before it has sent; if it were, the instance would be free.
            if let Ok(turn) = waiting.await {
                return turn;
            }
        }
    }

    fn pass_on(self: Arc<Self>, stream: StreamId, mut warm: Option<Warm<A>>) {
        // The weigher is the user's, and runs outside of the lock; so does a state's own `Drop`.
        let weight = warm.as_ref().and_then(|warm| self.bound.weigh(&warm.state));
        let limit = self.bound.limit();
        loop {
            let next = {
                let mut inner = self.inner();
                let next = match inner.busy.entry(stream.clone()) {
                    Entry::Occupied(mut waiting) => waiting.get_mut().pop_front().or_else(|| {
                        waiting.remove();
                        None
                    }),
                    Entry::Vacant(_) => None,
                };
                match next {
                    Some(next) => next,
                    None => {
                        let dropped = match (warm, weight) {
                            (Some(warm), Some(weight)) => {
                                inner.put_idle(stream, warm, weight, limit)
                            }
                            (warm, _) => {
                                inner.idle.pop(&stream);
                                Vec::from_iter(warm)
                            }
                        };
                        drop(inner);
                        drop(dropped);
                        return;
                    }
                }
            };
            let instances = Some(self.clone());
            match next.send(Turn { instances, stream: stream.clone(), warm: warm.take() }) {
                Ok(()) => return,
                // It was cancelled while it waited.
                Err(mut turn) => {
                    turn.instances = None;
                    warm = turn.warm.take();
                }
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<A>> {
        // No code of the user's runs while the lock is held, so a panic leaves it whole.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<A> Inner<A> {
    fn take_idle(&mut self, stream: &StreamId) -> Option<Warm<A>> {
        let (warm, weight) = self.idle.get_mut(stream)?.take()?;
        self.weight -= weight;
        Some(warm)
    }

    /// Caches a state, and answers with those that have to go for it.
    fn put_idle(
        &mut self,
        stream: StreamId,
        warm: Warm<A>,
        weight: usize,
        limit: usize,
    ) -> Vec<Warm<A>> {
        let mut dropped = Vec::new();
        let limit_of_others = limit.saturating_sub(weight);
        if self.weight > limit_of_others {
            // The loop below drops the oldest first, and not the place that is filled next.
            self.idle.promote(&stream);
        }
        // Room is made first: the sum of the weights never exceeds the limit, whatever that is.
        while self.weight > limit_of_others {
            let Some((_, oldest)) = self.idle.pop_lru() else { break };
            // The place of one that is busy is made anew when that comes back.
            let Some((warm, weight)) = oldest else { continue };
            self.weight -= weight;
            dropped.push(warm);
        }
        self.weight += weight;
        match self.idle.get_mut(&stream) {
            Some(place) => *place = Some((warm, weight)),
            None => drop(self.idle.put(stream, Some((warm, weight)))),
        }
        dropped
    }
}

impl<A> Drop for Turn<A> {
    fn drop(&mut self) {
        if let Some(instances) = self.instances.take() {
            instances.pass_on(self.stream.clone(), self.warm.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::repository::snapshots::Replayed;

    fn stream(id: &str) -> StreamId {
        StreamId::new("counter", id).unwrap()
    }

    fn warm(state: usize) -> Warm<usize> {
        Warm { state, version: 1, last_event: None, since_snapshot: Replayed::default() }
    }

    fn instances(bound: WarmStates<usize>) -> Arc<Instances<usize>> {
        Arc::new(Instances::new(bound))
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn now<F: Future>(future: F) -> F::Output {
        match poll(pin!(future)) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it has to wait"),
        }
    }

    fn is_warm(instances: &Arc<Instances<usize>>, id: &str) -> bool {
        let mut turn = now(instances.turn(&stream(id)));
        // Taken out and put back, which makes it the one that was used last.
        let warm = turn.warm.take();
        let is_warm = warm.is_some();
        turn.warm = warm;
        is_warm
    }

    fn leave(instances: &Arc<Instances<usize>>, id: &str, state: usize) {
        now(instances.turn(&stream(id))).warm = Some(warm(state));
    }

    #[test]
    fn turns_come_in_the_order_in_which_they_were_asked_for_and_hand_the_state_on() {
        let (instances, stream) = (instances(WarmStates::count(8)), stream("a"));
        let mut first = now(instances.turn(&stream));
        let (mut second, mut third) =
            (Box::pin(instances.turn(&stream)), Box::pin(instances.turn(&stream)));
        assert!(poll(second.as_mut()).is_pending() && poll(third.as_mut()).is_pending());
        first.warm = Some(warm(7));
        drop(first);
        assert!(poll(third.as_mut()).is_pending());
        let Poll::Ready(second) = poll(second.as_mut()) else { panic!("it is its turn") };
        assert_eq!(second.warm.as_ref().map(|warm| warm.state), Some(7));
        drop(second);
        assert!(poll(third.as_mut()).is_ready());
    }

    #[test]
    fn a_turn_is_passed_on_by_who_is_cancelled_while_waiting_or_when_it_has_come() {
        let (instances, stream) = (instances(WarmStates::count(8)), stream("a"));
        let first = now(instances.turn(&stream));
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(instances.turn(&stream))).collect();
        waiting.iter_mut().for_each(|turn| assert!(poll(turn.as_mut()).is_pending()));
        let mut last = waiting.pop().unwrap();
        let sent_and_not_taken = waiting.pop().unwrap();
        drop(waiting);
        drop(first);
        drop(sent_and_not_taken);
        assert!(poll(last.as_mut()).is_ready());
        drop(last);
        assert!(instances.inner().busy.is_empty());
    }

    #[test]
    fn the_states_that_were_not_used_for_longest_go_when_there_are_too_many() {
        let instances = instances(WarmStates::count(2));
        leave(&instances, "a", 1);
        leave(&instances, "b", 2);
        assert!(is_warm(&instances, "a"));
        leave(&instances, "c", 3);
        let warm = ["a", "b", "c"].map(|id| is_warm(&instances, id));
        assert_eq!(warm, [true, false, true]);
    }

    #[test]
    fn states_are_bounded_by_what_they_weigh_and_one_that_is_too_heavy_is_not_kept() {
        let instances = instances(WarmStates::bytes(100, |state| *state));
        for (id, weight) in [("a", 40), ("b", 40), ("c", 60), ("d", 101)] {
            leave(&instances, id, weight);
        }
        let warm = ["a", "b", "c", "d"].map(|id| is_warm(&instances, id));
        assert_eq!(warm, [false, true, true, false]);
        assert_eq!(instances.inner().weight, 100);
    }

    #[test]
    fn no_state_is_kept_where_none_is_wanted() {
        let instances = instances(WarmStates::none());
        leave(&instances, "a", 1);
        assert!(!is_warm(&instances, "a"));
    }
}
