//! A projection as a subscriber.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use futures_core::future::BoxFuture;

use super::{Owner, Parked, RowTransaction, Subscriber, Subscription};
use crate::event::{Position, StreamId};
use crate::log::{EventFilter, Page, ProjectionError, StoreError};
use crate::read_model::projection::{
    AnyPass, JsonShape, Pass, Projection, RowChanges, RowKey, Value,
};

/// The rows of the projection `P`, stored in the table of its name.
pub struct Projected<P: Projection> {
    subscription: Arc<Subscription>,
    /// One for each thread; each has rows of its own.
    passes: Vec<Pass<P>>,
    keys: Vec<RowKey>,
}

impl<P: Projection> Projected<P> {
    /// Those that others ask.
    pub fn new() -> Self {
        Self::of(Self::subscription_of())
    }

    /// Those that are built next to them.
    pub fn building() -> Self {
        Self::of(Self::subscription_of().building())
    }

    /// The subscription of `P`.
    pub fn subscription_of() -> Subscription {
        Subscription {
            name: P::TABLE.name,
            definition: P::definition().into(),
            table: Some(P::TABLE),
            building: false,
            owner: Some(Owner::of::<P>().writing(JsonShape::formats(P::JSON))),
        }
    }

    /// The same, with the events of a page decoded and folded by so many threads: those of one row by the
    /// same, in their order. They are read and stored as they always are.
    ///
    /// It needs every event to be about the row of its own stream. A projection of which an event says
    /// its keys, `MoneyTransferred(key = [from, to])`, stays on one thread.
    #[must_use]
    pub fn in_parallel(mut self, threads: NonZeroUsize) -> Self {
        let by_stream = P::SOURCES.iter().all(|source| source.by_stream);
        let threads = if by_stream { threads.get() } else { 1 };
        self.passes.resize_with(threads, Pass::new);
        self
    }

    fn of(subscription: Subscription) -> Self {
        let passes = vec![Pass::new()];
        Self { subscription: Arc::new(subscription), passes, keys: Vec::new() }
    }

    fn change(&mut self, rows: Vec<Vec<Value>>) -> Result<RowChanges, ProjectionError> {
        if let [pass] = &mut *self.passes {
            return pass.change(rows);
        }
        let mut parts: Vec<Vec<Vec<Value>>> = self.passes.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let key = P::TABLE.key_of(&row);
            let wanted = self.passes.iter().position(|pass| pass.wants(&key));
            if let Some(part) = wanted {
                parts[part].push(row);
            }
        }
        let parts = self.passes.iter_mut().zip(parts);
        let changes = each(parts, |(pass, rows)| pass.change(rows))?;
        Ok(changes.into_iter().fold(RowChanges::default(), |mut all, mut part| {
            all.upserts.append(&mut part.upserts);
            all.deletes.append(&mut part.deletes);
            all
        }))
    }
}

/// Does something with each part on a thread of its own; of several errors, the one about the first event
/// is told.
fn each<T: Send, R: Send>(
    parts: impl Iterator<Item = T>,
    work: impl Fn(T) -> Result<R, ProjectionError> + Sync,
) -> Result<Vec<R>, ProjectionError> {
    let done: Vec<_> = thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<R, ProjectionError>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    let (mut results, mut first) = (Vec::with_capacity(done.len()), None::<ProjectionError>);
    for part in done {
        match part {
            Ok(result) => results.push(result),
            Err(error) => {
                if first.as_ref().is_none_or(|first| error.position < first.position) {
                    first = Some(error);
                }
            }
        }
    }
    match first {
        Some(error) => Err(error),
        None => Ok(results),
    }
}

/// Returns the thread, of so many, that the events of a stream are for: by its id alone, as streams of
/// several aggregates may be about one row.
fn part_of(stream: &StreamId, parts: usize) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(stream.id());
    (hash % parts as u64) as usize
}

impl<P: Projection> Default for Projected<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Projection> Subscriber for Projected<P> {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        self.passes[0].filter()
    }

    fn take(&mut self, page: &Page, except: &Parked) -> Result<(), ProjectionError> {
        if let [pass] = &mut *self.passes {
            self.keys = pass.decode(page, except)?;
            return Ok(());
        }
        let count = self.passes.len();
        let parts: Vec<_> = page.streams().iter().map(|stream| part_of(stream, count)).collect();
        let decode = |(part, pass): (usize, &mut Pass<P>)| {
            pass.decode_where(page, except, |record| parts[record.stream_index()] == part)
        };
        self.keys = each(self.passes.iter_mut().enumerate(), decode)?.concat();
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        _: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if self.keys.is_empty() {
                return Ok(());
            }
            let rows = transaction.rows(&self.keys).await?;
            let changes = self.change(rows)?;
            match changes.is_empty() {
                true => Ok(()),
                false => transaction.write(&changes).await,
            }
        })
    }
}
