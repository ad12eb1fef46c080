//! Following the log under a lease.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, Parked, ParkedStream, Replaced, Subscriber, Subscription,
    SubscriptionStore,
};
use esrs_core::{Position, ReadQuery, StoreError};
use tokio::sync::watch;

use crate::batch::{Batch, is_about_the_store};
use crate::lease::Held;
use crate::options::Options;
use crate::pages::Pages;
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

    /// Follows the log until it is to stop or loses the lease; what is built, until it takes its place.
    pub(crate) async fn run(&mut self, lease: &Held) -> Result<Ended, StoreError> {
        let mut from = self.begin().await?;
        let filter = self.subscriber().filter();
        let query = ReadQuery::all().only(filter).with_envelopes().limit(self.options.batch);
        let mut pages = Pages::new(self.store.clone(), query, from.position);
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
                    pages.read(from.position);
                }
            }
            let page = pages.page().await?;
            let (to, is_last) = (page.scanned(), page.is_last());
            let is_new = to > from.position;
            if !is_last {
                pages.read(to);
            }
            if is_new {
                let batch = Batch { page: &page, from, to, resume: Vec::new() };
                if let Advanced::Elsewhere(_) = self.take(batch).await? {
                    from = self.begin().await?;
                    pages.read(from.position);
                    continue;
                }
                from = Checkpoint { position: to, ..from };
            }
            pages.recycle(page);
            let head = if is_last { to } else { self.head_behind(to).await? };
            self.report.stands(to, head, self.parked.len());
            if is_last {
                match self.go_on(from, is_new, lease).await? {
                    ControlFlow::Break(ended) => return Ok(ended),
                    ControlFlow::Continue(at) => from = at,
                }
                pages.read(from.position);
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
        if !is_new {
            self.wait(from, lease).await?;
        }
        Ok(ControlFlow::Continue(from))
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
