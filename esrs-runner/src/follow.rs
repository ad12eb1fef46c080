//! Following the log under a lease.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::projection::ProjectionError;
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, Parked, ParkedStream, Replaced, Subscriber, Subscription,
    SubscriptionStore,
};
use esrs_core::{Position, ReadQuery, StoreError};
use tokio::sync::watch;

use crate::batch::{Batch, Took, is_about_the_store};
use crate::head::{head, in_time};
use crate::lease::Held;
use crate::options::Options;
use crate::pages::Pages;
use crate::status::{Report, State};
use crate::task::Task;

/// The interval at which an idle log is read: a log that lost commits sends no signal.
const LOOK: Duration = Duration::from_secs(1);

/// A subscription that is run under a lease.
pub(crate) struct Follow {
    pub(crate) store: Arc<dyn SubscriptionStore>,
    pub(crate) options: Options,
    pub(crate) subscription: Arc<Subscription>,
    subscriber: Option<Box<dyn Subscriber>>,
    pub(crate) parked: Parked,
    pub(crate) fence: u64,
    pub(crate) report: Report,
    pub(crate) stop: watch::Receiver<bool>,
    /// True while the store has the subscriber.
    in_step: watch::Sender<bool>,
    /// The size of a batch: smaller after the table refused a row, to find its event.
    limit: usize,
    head_asked_at: Option<Instant>,
    /// True if a recorded failure may have to be cleared.
    may_have_failed: bool,
    /// Where what was built was refused by its table when it was put in place.
    refused_at: Option<Position>,
}

/// Why a subscription is not followed any more.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was stopped.
    Stopped,
    /// Its lease is gone.
    LeaseLost,
    /// The rebuilt table replaced the old one.
    Replaced(Position),
    /// It met an event that a newer program has stored.
    Outdated(Box<ProjectionError>),
    /// The log lost an event that it has seen.
    HistoryChanged(StoreError),
}

/// Waits for so long, unless it is stopped before; answers whether it is.
pub(crate) async fn pause(stop: &mut watch::Receiver<bool>, duration: Duration) -> bool {
    tokio::select! {
        // An error means that nobody is left to stop it.
        _ = stop.wait_for(|stop| *stop) => true,
        () = tokio::time::sleep(duration) => false,
    }
}

/// The store has the subscriber while it runs, and gives it back with its answer.
const IS_BACK: &str = "the store gives the subscriber back";

impl Follow {
    pub(crate) fn new(task: &Task, subscriber: Box<dyn Subscriber>, fence: u64) -> Self {
        Self {
            store: task.store.clone(),
            options: task.options.clone(),
            subscription: subscriber.subscription().clone(),
            subscriber: Some(subscriber),
            parked: Parked::none(),
            fence,
            report: task.report.clone(),
            stop: task.stop.clone(),
            in_step: watch::Sender::new(false),
            limit: task.options.batch,
            head_asked_at: None,
            may_have_failed: true,
            refused_at: None,
        }
    }

    pub(crate) fn subscriber(&mut self) -> &mut dyn Subscriber {
        &mut **self.subscriber.as_mut().expect(IS_BACK)
    }

    pub(crate) fn into_subscriber(self) -> Box<dyn Subscriber> {
        self.subscriber.expect(IS_BACK)
    }

    /// Tells whether the store has the subscriber.
    pub(crate) fn in_step(&self) -> watch::Receiver<bool> {
        self.in_step.subscribe()
    }

    /// Has the store take a step.
    pub(crate) async fn advance(&mut self, advance: Advance) -> Result<Advanced, StoreError> {
        let subscriber = self.subscriber.take().expect(IS_BACK);
        self.in_step.send_replace(true);
        let (subscriber, advanced) = self.store.advance(advance, subscriber).await;
        self.subscriber = Some(subscriber);
        self.in_step.send_replace(false);
        advanced
    }

    /// Returns the limit of the next page, in events.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes half as many events at once as were refused together.
    pub(crate) fn take_fewer(&mut self, refused: usize) {
        self.limit = (refused / 2).max(1);
    }

    /// Takes twice as many events at once again.
    pub(crate) fn take_more(&mut self) {
        self.limit = self.limit.saturating_mul(2).min(self.options.batch);
    }

    /// Follows the log until it is stopped or loses the lease; what is built, until it takes its place.
    pub(crate) async fn run(&mut self, lease: &Held) -> Result<Ended, StoreError> {
        let mut from = self.begin().await?;
        let filter = self.subscriber().filter();
        let query = ReadQuery::all().only(filter).with_envelopes().limit(self.limit);
        let mut pages = Pages::new(self.store.clone(), query, from);
        let mut looked_at = Instant::now();
        loop {
            if *self.stop.borrow() {
                return Ok(Ended::Stopped);
            }
            if lease.is_lost() {
                return Ok(Ended::LeaseLost);
            }
            if !self.parked.is_empty() && looked_at.elapsed() >= self.options.look {
                looked_at = Instant::now();
                if let Some(elsewhere) = self.resume_asked(from).await? {
                    from = elsewhere;
                    pages.read((from.position, from.mark), self.limit);
                }
            }
            let page = pages.page().await?;
            let (to, mark, is_last) = (page.scanned(), page.mark(), page.is_last());
            let is_new = to > from.position;
            if !is_last {
                pages.read((to, mark), self.limit);
            }
            if is_new {
                let batch = Batch { page: &page, from, to, mark, resume: None };
                match self.take(batch).await? {
                    Took::Advanced(Advanced::Done) => {
                        from = Checkpoint { position: to, mark, ..from };
                        if self.limit < self.options.batch {
                            self.take_more();
                        }
                    }
                    Took::Advanced(Advanced::Elsewhere(_)) => {
                        from = self.begin().await?;
                        pages.read((from.position, from.mark), self.limit);
                        continue;
                    }
                    Took::TooMany(refused) => {
                        self.take_fewer(refused);
                        pages.read((from.position, from.mark), self.limit);
                        continue;
                    }
                }
            }
            pages.recycle(page);
            let head = if is_last { to } else { self.head_behind(to).await? };
            self.report.stands(to, head, self.parked.len());
            if self.may_have_failed {
                // Until the store has it: others wait in vain for what is recorded as failed.
                let cleared = self.store.record_failure(self.subscription.clone(), None);
                self.may_have_failed = in_time(cleared).await.is_none();
            }
            if is_last {
                match self.go_on(from, is_new, lease).await? {
                    ControlFlow::Break(ended) => return Ok(ended),
                    ControlFlow::Continue(at) => from = at,
                }
                pages.read((from.position, from.mark), self.limit);
            }
        }
    }

    /// Where to go on at the end of the log; what is built takes its place.
    async fn go_on(
        &mut self,
        from: Checkpoint,
        is_new: bool,
        lease: &Held,
    ) -> Result<ControlFlow<Ended, Checkpoint>, StoreError> {
        // At once: an empty page never comes where the log grows as fast as it is followed.
        if self.subscription.building {
            return self.take_place(from).await;
        }
        if !is_new && self.wait(from, lease).await? {
            let now = self.store.subscribe(self.subscription.clone()).await?;
            if (now.generation, now.position) != (from.generation, from.position) {
                return self.begin().await.map(ControlFlow::Continue);
            }
        }
        Ok(ControlFlow::Continue(from))
    }

    /// Where it stands, and what it has parked.
    async fn begin(&mut self) -> Result<Checkpoint, StoreError> {
        let from = self.store.subscribe(self.subscription.clone()).await?;
        let parked = self.store.parked(self.subscription.clone()).await?;
        self.parked = parked.iter().map(|parked| (parked.stream.clone(), parked.version)).collect();
        self.retry_what_is_known_now(&parked).await?;
        let head = head(&*self.store).await?;
        self.report.stands(from.position, head, self.parked.len());
        // Last, so that nobody who sees it looks at where another attempt stood.
        self.report.state(match self.subscription.building {
            true => State::Rebuilding,
            false => State::Following,
        });
        Ok(from)
    }

    /// Where the log ends, which is behind `position`; as it was a second ago at most.
    async fn head_behind(&mut self, position: Position) -> Result<Position, StoreError> {
        if self.head_asked_at.is_none_or(|asked| asked.elapsed() >= Duration::from_secs(1)) {
            let head = self.store.wait_behind(position).await?;
            self.head_asked_at = Some(Instant::now());
            return Ok(head);
        }
        Ok(self.report.status().head.unwrap_or(position))
    }

    /// Waits for something to do, and no longer than a while. Answers whether nothing came: then its
    /// rows may have been replaced, and its log may have lost events, without a sign of that.
    async fn wait(&mut self, at: Checkpoint, lease: &Held) -> Result<bool, StoreError> {
        let mut stop = self.stop.clone();
        let look = match self.parked.is_empty() {
            true => LOOK,
            false => self.options.look.min(LOOK),
        };
        tokio::select! {
            head = self.store.wait_behind(at.position) => {
                self.report.stands(at.position, head?, self.parked.len());
            }
            _ = stop.wait_for(|stop| *stop) => {}
            () = lease.lost() => {}
            () = tokio::time::sleep(look) => return Ok(true),
        }
        Ok(false)
    }

    /// Takes up again the streams of which that was requested.
    async fn resume_asked(&mut self, at: Checkpoint) -> Result<Option<Checkpoint>, StoreError> {
        let parked = self.store.parked(self.subscription.clone()).await?;
        let asked = parked.into_iter().filter(|stream| stream.is_to_resume);
        for stream in asked.collect::<Vec<ParkedStream>>() {
            if let Advanced::Elsewhere(_) = self.resume(stream, at).await? {
                return self.begin().await.map(Some);
            }
        }
        let head = self.report.status().head.unwrap_or(at.position);
        self.report.stands(at.position, head, self.parked.len());
        Ok(None)
    }

    /// Puts what was built in place; or says where to go on, as that stands too far ahead.
    async fn take_place(
        &mut self,
        from: Checkpoint,
    ) -> Result<ControlFlow<Ended, Checkpoint>, StoreError> {
        let subscriber = self.subscriber.take().expect(IS_BACK);
        self.in_step.send_replace(true);
        let (subscriber, replaced) = self.store.replace(subscriber, Some(self.fence)).await;
        self.subscriber = Some(subscriber);
        self.in_step.send_replace(false);
        Ok(match replaced {
            Ok(Replaced::Done(at)) => ControlFlow::Break(Ended::Replaced(at.position)),
            Ok(Replaced::Behind(at)) => {
                if at > from.position {
                    self.store.wait_behind(Position::new(at.get() - 1)).await?;
                }
                ControlFlow::Continue(self.begin().await?)
            }
            // It is read next, and tried again or parked then.
            Err(StoreError::Projection(error)) if !is_about_the_store(&error) => {
                ControlFlow::Continue(from)
            }
            // Once: what is refused where no event follows is no event's row.
            Err(StoreError::RowRefused { .. }) if self.refused_at != Some(from.position) => {
                self.refused_at = Some(from.position);
                ControlFlow::Continue(from)
            }
            Err(error @ StoreError::Busy { .. }) => {
                let name = self.subscription.name;
                tracing::warn!(subscription = name, %error, "what was built is not in place yet");
                ControlFlow::Continue(from)
            }
            Err(error) => return Err(error),
        })
    }
}
