//! Where commands meet a store.

mod error;
mod execute;
mod load;
mod pages;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use error::{ExecuteError, LoadError};
use execute::CommandOf;
pub use execute::{Execute, Executed};
pub use load::Loaded;

use crate::{Aggregate, Clock, EventStore, SystemClock};
use pages::PagePool;

/// Loads the instances of one aggregate from a store, and executes commands on them.
///
/// Cheap to clone; the clones share the store.
///
/// ```text
/// let accounts = Repository::<BankAccount>::new(store);
/// accounts.execute(&id, Deposit { cents: 500 }).by("alice").await?;
/// let account = accounts.load(&id).await?;
/// ```
pub struct Repository<A: Aggregate> {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    pages: Arc<PagePool>,
    max_attempts: u32,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Repository<A> {
    /// How often a command is tried against a newer state, unless
    /// [`with_max_attempts`](Self::with_max_attempts) says otherwise.
    pub const DEFAULT_MAX_ATTEMPTS: u32 = 8;

    /// A repository over a store, with the clock of the system.
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            pages: Arc::new(PagePool::default()),
            max_attempts: Self::DEFAULT_MAX_ATTEMPTS,
            aggregate: PhantomData,
        }
    }

    /// The same repository with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same repository, which tries a command so many times, once at least: when another writer
    /// was faster, the instance is loaded anew and the command is handled again.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Loads an instance: the fold of all its events.
    ///
    /// An instance that nothing has happened to is its `Default`, at version 0.
    ///
    /// # Errors
    /// [`LoadError`] when the store fails, or holds an event that cannot be read.
    pub async fn load(&self, id: &A::Id) -> Result<Loaded<A>, LoadError> {
        let stream = load::stream_of::<A>(id)?;
        let mut page = self.pages.take();
        let loaded = load::load(&*self.store, id.clone(), stream, &mut page).await;
        self.pages.put(page);
        loaded
    }

    /// Executes a command on an instance: load it, handle the command, append the events.
    ///
    /// Nothing happens until the builder that it returns is awaited. The command may be awaited on
    /// any thread, so it is `Send` and `Sync`.
    pub fn execute<'a, C>(&'a self, id: &A::Id, command: C) -> Execute<'a, A, C>
    where
        C: CommandOf<A> + Send + Sync,
    {
        Execute::new(self, id.clone(), command)
    }
}

impl<A: Aggregate> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            clock: self.clock.clone(),
            pages: self.pages.clone(),
            max_attempts: self.max_attempts,
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> fmt::Debug for Repository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("aggregate", &A::NAME)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}
