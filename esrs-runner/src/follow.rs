//! Following the log under a lease.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, Parked, ParkedStream, Replaced, Subscriber, Subscription,
    SubscriptionStore,
};
use esrs_core::{Page, Position, ReadQuery, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::batch::{Batch, is_about_the_store};
use crate::lease::Held;
use crate::options::Options;
use crate::status::{Report, State};
use crate::task::Task;

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
    head_asked_at: Option<Instant>,
}

/// Why a subscription is not followed any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was to stop.
    Stopped,
    /// Its lease is gone.
    LeaseLost,
    /// What was built is in its place.
    Replaced(Position),
}

/// Waits for so long, unless it is to stop before that; whether it is.
pub(crate) async fn pause(stop: &mut watch::Receiver<bool>, duration: Duration) -> bool {
    tokio::select! {
        // Whoever could say so is gone when it fails.
        _ = stop.wait_for(|stop| *stop) => true,
        () = tokio::time::sleep(duration) => false,
    }
}

/// A page that is being read beside whatever else is done; nobody reads on when it is dropped.
struct Reading(JoinHandle<Result<Page, StoreError>>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reading {
    async fn page(mut self) -> Result<Page, StoreError> {
        // It is cancelled when the runtime ends.
        (&mut self.0).await.unwrap_or(Err(StoreError::Closed))
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
            head_asked_at: None,
        }
    }

    pub(crate) fn subscriber(&mut self) -> &mut dyn Subscriber {
        &mut **self.subscriber.as_mut().expect(IS_BACK)
    }

    pub(crate) fn into_subscriber(self) -> Box<dyn Subscriber> {
        self.subscriber.expect(IS_BACK)
    }

    /// Has the store take a step.
    pub(crate) async fn advance(&mut self, advance: Advance) -> Result<Advanced, StoreError> {
        let subscriber = self.subscriber.take().expect(IS_BACK);
        let (subscriber, advanced) = self.store.advance(advance, subscriber).await;
        self.subscriber = Some(subscriber);
        advanced
    }

    fn read(&self, query: &ReadQuery, after: Position, page: Page) -> Reading {
        let (store, query) = (self.store.clone(), query.clone().after(after));
        Reading(tokio::spawn(async move { store.read(query, page).await }))
    }

    /// Follows the log until it is to stop or loses the lease; what is built, until it takes its place.
    pub(crate) async fn run(&mut self, lease: &Held) -> Result<Ended, StoreError> {
        let mut from = self.begin().await?;
        let filter = self.subscriber().filter();
        let query = ReadQuery::all().only(filter).with_envelopes().limit(self.options.batch);
        let mut spare = Page::new();
        let mut reading = self.read(&query, from.position, std::mem::take(&mut spare));
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
                    reading = self.read(&query, from.position, Page::new());
                }
            }
            let page = reading.page().await?;
            let (to, is_last) = (page.scanned(), page.is_last());
            if to == from.position {
                self.report.stands(to, to, self.parked.len());
                if self.subscription.building {
                    match self.take_place(from).await? {
                        ControlFlow::Break(ended) => return Ok(ended),
                        ControlFlow::Continue(at) => from = at,
                    }
                } else {
                    self.wait(from, lease).await?;
                }
                reading = self.read(&query, from.position, page);
                continue;
            }
            // The next page comes while this one is taken.
            let next = (!is_last).then(|| self.read(&query, to, std::mem::take(&mut spare)));
            let advanced = self.take(Batch { page: &page, from, to, resume: Vec::new() }).await?;
            spare = page;
            reading = match (advanced, next) {
                (Advanced::Done, next) => {
                    from = Checkpoint { position: to, ..from };
                    let head = if is_last { to } else { self.head_behind(to).await? };
                    self.report.stands(to, head, self.parked.len());
                    // The log may grow as fast as it is followed, so nobody waits for an empty page.
                    if is_last && self.subscription.building {
                        match self.take_place(from).await? {
                            ControlFlow::Break(ended) => return Ok(ended),
                            ControlFlow::Continue(at) => from = at,
                        }
                    }
                    let spare = &mut spare;
                    next.unwrap_or_else(|| self.read(&query, from.position, std::mem::take(spare)))
                }
                (Advanced::Elsewhere(_), _) => {
                    from = self.begin().await?;
                    self.read(&query, from.position, std::mem::take(&mut spare))
                }
            };
        }
    }

    /// Where it stands, and what it has parked.
    async fn begin(&mut self) -> Result<Checkpoint, StoreError> {
        let from = self.store.subscribe(self.subscription.clone()).await?;
        let parked = self.store.parked(self.subscription.clone()).await?;
        self.parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
        let head = self.store.wait_behind(Position::START);
        // An empty log has no event to wait for.
        let head = tokio::time::timeout(Duration::from_millis(100), head).await;
        self.report.stands(from.position, head.unwrap_or(Ok(from.position))?, self.parked.len());
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
        Ok(self.report.status().head)
    }

    /// Waits for something to do.
    async fn wait(&mut self, at: Checkpoint, lease: &Held) -> Result<(), StoreError> {
        let mut stop = self.stop.clone();
        let look = async {
            match self.parked.is_empty() {
                true => std::future::pending().await,
                false => tokio::time::sleep(self.options.look).await,
            }
        };
        tokio::select! {
            head = self.store.wait_behind(at.position) => {
                self.report.stands(at.position, head?, self.parked.len());
            }
            _ = stop.wait_for(|stop| *stop) => {}
            () = lease.lost() => {}
            () = look => {}
        }
        Ok(())
    }

    /// Takes up again what somebody has asked for.
    async fn resume_asked(&mut self, at: Checkpoint) -> Result<Option<Checkpoint>, StoreError> {
        let parked = self.store.parked(self.subscription.clone()).await?;
        let asked = parked.into_iter().filter(|stream| stream.is_to_resume);
        for stream in asked.collect::<Vec<ParkedStream>>() {
            if let Advanced::Elsewhere(_) = self.resume(stream, at).await? {
                return self.begin().await.map(Some);
            }
        }
        self.report.stands(at.position, self.report.status().head, self.parked.len());
        Ok(None)
    }

    /// Puts what was built in place; or says where to go on, as that stands too far ahead.
    async fn take_place(
        &mut self,
        from: Checkpoint,
    ) -> Result<ControlFlow<Ended, Checkpoint>, StoreError> {
        let subscriber = self.subscriber.take().expect(IS_BACK);
        let (subscriber, replaced) = self.store.replace(subscriber, Some(self.fence)).await;
        self.subscriber = Some(subscriber);
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
            Err(error @ StoreError::Busy { .. }) => {
                let name = self.subscription.name;
                tracing::warn!(subscription = name, %error, "what was built is not in place yet");
                ControlFlow::Continue(from)
            }
            Err(error) => return Err(error),
        })
    }
}
