//! The ids of all instances of an aggregate.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::future::BoxFuture;

use super::load::stream_of;
use super::{LoadError, Repository};
use crate::aggregate::Aggregate;
use crate::event::StreamId;
use crate::log::{StoreError, StreamsQuery};
use crate::store::EventStore;

type Reading = BoxFuture<'static, Result<Vec<StreamId>, StoreError>>;

/// The ids of the instances of an aggregate, in a stable order.
///
/// Made by [`Repository::instances`]. A [`Stream`], which reads a page at a time.
pub struct InstanceIds<A: Aggregate> {
    store: Arc<dyn EventStore>,
    query: StreamsQuery,
    page: VecDeque<StreamId>,
    is_last: bool,
    reading: Option<Reading>,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Repository<A> {
    /// Lists the ids of all instances that have an event, as a [`Stream`].
    ///
    /// They are ordered by the bytes of the id as text, so that 10 comes before 9. An instance that is
    /// new while the list is read is in it if its place is still to come. The store reads an index of the
    /// streams, and no event.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// for id in ["NL-18", "DE-7", "CZ-3"] {
    ///     accounts.execute(&id.to_owned(), Deposit { cents: 1 }).await?;
    /// }
    /// let mut ids = accounts.instances();
    /// let first = ids.try_next().await?;
    /// assert_eq!(first.as_deref(), Some("CZ-3"));
    /// assert_eq!(accounts.count_instances().await?, 3);
    ///
    /// // It goes on in another process, or after a restart.
    /// let mut rest = accounts.instances().after(&"CZ-3".to_owned())?;
    /// assert_eq!(rest.try_next().await?.as_deref(), Some("DE-7"));
    /// # Ok(()) }
    /// ```
    pub fn instances(&self) -> InstanceIds<A> {
        InstanceIds {
            store: self.store.clone(),
            query: StreamsQuery::of(A::NAME),
            page: VecDeque::new(),
            is_last: false,
            reading: None,
            aggregate: PhantomData,
        }
    }

    /// Counts the instances that have an event.
    ///
    /// The store counts the names of their streams in an index: with a million of them that takes tens of
    /// milliseconds.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub async fn count_instances(&self) -> Result<u64, StoreError> {
        self.store.count_streams(A::NAME.to_owned()).await
    }
}

impl<A: Aggregate> InstanceIds<A> {
    /// Goes on behind this id, which need not have an instance, also if the list was read in part or to
    /// its end.
    ///
    /// # Errors
    /// Returns [`LoadError::Id`] if the id cannot be part of a stream's name.
    pub fn after(mut self, id: &A::Id) -> Result<Self, LoadError> {
        self.query.after = Some(stream_of::<A>(id)?);
        (self.page, self.is_last, self.reading) = (VecDeque::new(), false, None);
        Ok(self)
    }

    /// Reads this number of ids at a time; at least one.
    #[must_use]
    pub fn page_size(mut self, ids: usize) -> Self {
        self.query = self.query.limit(ids);
        // A page that is being read has another size, by which its end would be misjudged.
        self.reading = None;
        self
    }

    /// Returns the next id; `None` behind the last.
    ///
    /// The same as `TryStreamExt::try_next` of the crate `futures`, without that crate.
    ///
    /// # Errors
    /// Returns the errors of the database, after which the next call tries again, and
    /// [`LoadError::NotAnInstance`] if the name of a stream holds no id of the aggregate, after which the
    /// next call goes on with the next stream.
    pub async fn try_next(&mut self) -> Result<Option<A::Id>, LoadError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    fn poll_stream(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<StreamId>, StoreError>> {
        loop {
            if let Some(stream) = self.page.pop_front() {
                self.query.after = Some(stream.clone());
                return Poll::Ready(Ok(Some(stream)));
            }
            if self.is_last {
                return Poll::Ready(Ok(None));
            }
            let reading = self.reading.get_or_insert_with(|| {
                let (store, query) = (self.store.clone(), self.query.clone());
                Box::pin(async move { store.streams(query).await })
            });
            let read = ready!(reading.as_mut().poll(context));
            self.reading = None;
            self.page = read?.into();
            self.is_last = self.page.len() < self.query.limit;
        }
    }
}

impl<A: Aggregate> Stream for InstanceIds<A> {
    type Item = Result<A::Id, LoadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = ready!(self.get_mut().poll_stream(context))?;
        Poll::Ready(stream.map(id_of::<A>))
    }
}

/// The id of the instance that has this stream.
fn id_of<A: Aggregate>(stream: StreamId) -> Result<A::Id, LoadError> {
    let id: A::Id = match stream.id().parse::<A::Id>() {
        Ok(id) => id,
        Err(error) => {
            let reason = error.to_string();
            return Err(LoadError::NotAnInstance { stream, reason });
        }
    };
    let written = id.to_string();
    if written != stream.id() {
        let reason = format!("expected the id as its type writes it, `{written}`");
        return Err(LoadError::NotAnInstance { stream, reason });
    }
    Ok(id)
}

impl<A: Aggregate> fmt::Debug for InstanceIds<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceIds").field("query", &self.query).finish_non_exhaustive()
    }
}
