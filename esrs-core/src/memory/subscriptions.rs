//! The subscriptions and read models of a store in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;

use super::MemoryStore;
use super::models::{Changes, Stored};
use super::step::{Step, as_stored};
use super::waiting::{Alarm, yield_now};
use crate::event::{Position, StreamId};
use crate::log::{BoxError, LogMark, Page, ReadQuery, StoreError};
use crate::read_model::projection::{Projection, Table, Value};
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, Decision, Lease, LeaseClaim, ParkedStream,
    ParkingEntry, Projected, Replaced, Subscriber, Subscription, WaitTarget,
};
use crate::store::{
    CheckpointStore, EventStore, LeaseStore, ParkingStore, ReadModelWriter, ReadModels,
    SubscriptionStore,
};

impl MemoryStore {
    fn check_mark(&self, mark: Option<LogMark>) -> Result<(), StoreError> {
        mark.map_or(Ok(()), |mark| self.log().check_mark(mark))
    }

    /// The stored subscription, if it is there; an error if its rows are of another definition, or of
    /// events that the log does not hold.
    fn of_definition<T>(
        &self,
        subscription: &Subscription,
        look: impl FnOnce(&Stored) -> T,
    ) -> Result<Option<T>, StoreError> {
        let models = self.models();
        let Some(stored) = models.of_definition(subscription)? else { return Ok(None) };
        self.check_mark(stored.mark())?;
        Ok(Some(look(stored)))
    }

    async fn take_step(
        &self,
        advance: Advance,
        subscriber: &mut dyn Subscriber,
    ) -> Result<Advanced, StoreError> {
        let subscription = advance.subscription.clone();
        let check = |store: &Self| {
            let models = store.models();
            models.check_fence(&subscription, advance.fence)?;
            store.check_mark(advance.mark)?;
            models.elsewhere(&advance)
        };
        if let Some(elsewhere) = check(self)? {
            return Ok(elsewhere);
        }
        let mut step = Step::new(self, &subscription);
        subscriber.run(advance.from.position, &mut step).await?;
        let changes = step.into_changes()?;
        // Another step may have been stored meanwhile.
        let mut models = self.models();
        models.check_fence(&subscription, advance.fence)?;
        self.check_mark(advance.mark)?;
        if let Some(elsewhere) = models.elsewhere(&advance)? {
            return Ok(elsewhere);
        }
        models.advance(advance, changes);
        Ok(Advanced::Done)
    }

    async fn put_in_place(
        &self,
        building: &mut dyn Subscriber,
        fence: Option<u64>,
    ) -> Result<Replaced, StoreError> {
        let subscription = building.subscription().clone();
        let live = subscription.asked()?;
        let live_at = || self.models().find(&live).map_or(Checkpoint::NOWHERE, |stored| stored.at);
        self.models().check_fence(&subscription, fence)?;
        let to = live_at();
        let Some(built) = self.of_definition(&subscription, |stored| stored.at)? else {
            // Another call has put it in place already.
            return Ok(Replaced::Behind(to.position));
        };
        let (at, changes) = self.take_the_rest(&subscription, building, built, to.position).await?;
        if at.position < to.position {
            return Ok(Replaced::Behind(to.position));
        }
        let mut models = self.models();
        models.check_fence(&subscription, fence)?;
        let is_as_before = |subscription: &Subscription, at: Checkpoint| {
            models.find(subscription).map_or(Checkpoint::NOWHERE, |stored| stored.at) == at
        };
        // The caller takes what was appended meanwhile, and calls again.
        if !is_as_before(&live, to) || !is_as_before(&subscription, built) {
            let now = models.find(&live).map_or(Position::START, |stored| stored.at.position);
            return Ok(Replaced::Behind(now));
        }
        Ok(match models.replace(&live, at, changes) {
            Some(now) => Replaced::Done(now),
            None => Replaced::Behind(to.position),
        })
    }

    /// Has what was built take the events behind `at` up to `to`, unless they are too many; returns where
    /// it is then, and the changes to its rows.
    async fn take_the_rest(
        &self,
        subscription: &Arc<Subscription>,
        building: &mut dyn Subscriber,
        mut at: Checkpoint,
        to: Position,
    ) -> Result<(Checkpoint, Changes), StoreError> {
        let mut step = Step::new(self, subscription);
        if Replaced::may_take(at.position, to) {
            let parked = self.parked(subscription.clone()).await?;
            let parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
            let query = ReadQuery::all().only(building.filter()).with_envelopes();
            let mut page = Page::new();
            while at.position < to {
                let next = query.clone().after(at.position).continuing(at.mark);
                page = self.read(next, page).await?;
                if page.scanned() == at.position {
                    break;
                }
                building.take(&page, &parked)?;
                building.run(at.position, &mut step).await?;
                (at.position, at.mark) = (page.scanned(), page.mark().or(at.mark));
            }
        }
        Ok((at, step.into_changes()?))
    }

    /// Returns how far a subscription has come; an error if it never reaches what is waited for.
    fn look(
        &self,
        subscription: &Subscription,
        target: &WaitTarget,
    ) -> Result<Position, StoreError> {
        let looked = self.of_definition(subscription, |stored| {
            let at = stored.at.position;
            if at < target.position {
                return match &stored.failure {
                    None => Ok(at),
                    Some(reason) => Err(StoreError::SubscriptionFailed {
                        subscription: subscription.name.to_owned(),
                        reached: at,
                        reason: reason.clone(),
                    }),
                };
            }
            match target.parked_among(stored.parked()) {
                None => Ok(at),
                Some(parked) => Err(parked.clone().error(subscription.name)),
            }
        })?;
        looked.unwrap_or(Ok(Position::START))
    }

    fn rows_of<P: Projection, T>(
        &self,
        rows: impl FnOnce(&Stored) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        check_table(P::TABLE)?;
        let subscription = Projected::<P>::subscription_of();
        self.of_definition(&subscription, rows)?.unwrap_or_else(|| Err(subscription.not_made()))
    }
}

/// Refuses a table that the stores of databases refuse, too.
fn check_table(table: Table) -> Result<(), StoreError> {
    if table.name.to_ascii_lowercase().starts_with("esrs_") {
        return Err(table.unusable("names that begin with `esrs_` are taken"));
    }
    table.check()
}

fn row_of<P: Projection>(values: &[Value]) -> Result<P, StoreError> {
    P::from_values(values.to_vec()).map_err(|error| misfit(error.into()))
}

fn misfit(source: BoxError) -> StoreError {
    StoreError::Database { doing: "reading rows", source }
}

impl ReadModels for MemoryStore {
    fn get<P: Projection>(
        &self,
        key: &P::Key,
    ) -> impl Future<Output = Result<Option<P>, StoreError>> + Send {
        let key = P::key_values(key).map_err(|error| misfit(error.into()));
        let row = key.and_then(|key| {
            let key = as_stored(&P::TABLE, P::TABLE.key_columns(), &key)?;
            self.rows_of::<P, _>(|stored| stored.rows.get(&key).map(|row| row_of(row)).transpose())
        });
        std::future::ready(row)
    }

    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        std::future::ready(
            self.rows_of::<P, _>(|stored| stored.rows.values().map(|row| row_of(row)).collect()),
        )
    }
}

impl SubscriptionStore for MemoryStore {}

impl CheckpointStore for MemoryStore {
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        Box::pin(async move {
            subscription.table.map_or(Ok(()), check_table)?;
            match self.of_definition(&subscription, |stored| stored.at)? {
                Some(at) => Ok(at),
                None => {
                    let mut models = self.models();
                    // Another call may have entered it meanwhile.
                    let entered = models.of_definition(&subscription)?.map(|stored| stored.at);
                    Ok(entered.unwrap_or_else(|| models.begin(&subscription)))
                }
            }
        })
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        Box::pin(async move {
            subscription.table.map_or(Ok(()), check_table)?;
            let begin = {
                let mut models = self.models();
                models.check_fence(&subscription, fence)?;
                models.begin(&subscription)
            };
            self.shared.waiting.changed();
            Ok(begin)
        })
    }

    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>> {
        Box::pin(async move { Ok(self.models().checkpoints()) })
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move {
            let deadline = Instant::now().checked_add(timeout);
            let look = || match self.look(&subscription, &target) {
                Ok(at) if at >= target.position => Some(Ok(at)),
                Ok(reached) => {
                    let is_over = deadline.is_some_and(|deadline| deadline <= Instant::now());
                    is_over.then(|| {
                        Err(StoreError::Lagging {
                            subscription: subscription.name,
                            position: target.position,
                            reached,
                            waited: timeout,
                        })
                    })
                }
                Err(error) => Some(Err(error)),
            };
            if let Some(answer) = look() {
                return answer;
            }
            let shared = self.shared.clone();
            let ring = move || shared.waiting.changed();
            let _alarm = deadline.map(|deadline| Alarm::at(deadline, ring)).transpose()?;
            self.shared.waiting.until(look).await
        })
    }

    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move {
            let look = || Some(self.log().head()).filter(|head| *head > position);
            Ok(self.shared.waiting.until(look).await)
        })
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.models().record_failure(&subscription, failure);
            self.shared.waiting.changed();
            Ok(())
        })
    }
}

impl ReadModelWriter for MemoryStore {
    fn advance(
        &self,
        advance: Advance,
        mut subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        Box::pin(async move {
            yield_now().await;
            let advanced = self.take_step(advance, &mut *subscriber).await;
            self.shared.waiting.changed();
            (subscriber, advanced)
        })
    }

    fn replace(
        &self,
        mut building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        Box::pin(async move {
            let replaced = self.put_in_place(&mut *building, fence).await;
            self.shared.waiting.changed();
            (building, replaced)
        })
    }
}

impl ParkingStore for MemoryStore {
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>> {
        Box::pin(async move {
            let models = self.models();
            let parked = models.find(&subscription).into_iter().flat_map(Stored::parked);
            Ok(parked.cloned().collect())
        })
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            decision.check(&stream)?;
            Ok(self.models().decide(&subscription, &stream, decision))
        })
    }

    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>> {
        Box::pin(async move { Ok(self.models().parking_log(&subscription)) })
    }
}

impl LeaseStore for MemoryStore {
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>> {
        Box::pin(async move {
            claim.check()?;
            Ok(self.models().claim(claim))
        })
    }

    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.models().release(&name, &holder);
            Ok(())
        })
    }
}
