//! From a stream to a state, now or at another moment.

use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

use super::fold::Fold;
use super::warm::Warm;
use super::{LoadError, Repository};
use crate::aggregate::Aggregate;
use crate::event::{InvalidStreamId, StreamId};
use crate::log::{AsOf, Page};
use crate::value::{Changes, to_json};

/// An instance of an aggregate, as it was when it was loaded.
///
/// It derefs to the state. Its own functions are associated ones, as those of
/// [`Arc`](std::sync::Arc), so that none hides a field or method of the state:
/// `Loaded::version(&account)`.
#[derive(Debug, Clone)]
pub struct Loaded<A: Aggregate> {
    id: A::Id,
    stream: StreamId,
    state: A,
    version: u64,
}

impl<A: Aggregate> Loaded<A> {
    /// Its id.
    pub fn id(this: &Self) -> &A::Id {
        &this.id
    }

    /// Its stream.
    pub fn stream(this: &Self) -> &StreamId {
        &this.stream
    }

    /// Returns the number of its events; 0 before the first.
    pub fn version(this: &Self) -> u64 {
        this.version
    }

    /// Returns true if nothing has happened to it yet.
    pub fn is_new(this: &Self) -> bool {
        this.version == 0
    }

    /// Its state.
    pub fn state(this: &Self) -> &A {
        &this.state
    }

    /// Its state, by value.
    pub fn into_state(this: Self) -> A {
        this.state
    }
}

impl<A: Aggregate> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

pub(super) fn stream_of<A: Aggregate>(id: &A::Id) -> Result<StreamId, InvalidStreamId> {
    StreamId::new(A::NAME, id)
}

/// An aggregate whose states can be compared, to say what differs; every one that is `Serialize`.
#[diagnostic::on_unimplemented(
    message = "the states of `{Self}` cannot be compared: they are compared as JSON",
    label = "lacks `Serialize`",
    note = "add `Serialize` to the derives of `{Self}`"
)]
pub trait ComparedState: Aggregate {
    /// The state as JSON.
    ///
    /// # Errors
    /// When its `Serialize` fails.
    #[doc(hidden)]
    fn to_value(&self) -> Result<Value, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate + Serialize> ComparedState for A {
    fn to_value(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }
}

/// A state as JSON, to be compared with another.
pub(super) fn shown<A: ComparedState>(
    state: &A,
    stream: &StreamId,
    version: u64,
) -> Result<Value, LoadError> {
    to_json(|| state.to_value()).map_err(|source| {
        let stream = stream.clone();
        LoadError::State { stream, version, source: source.into() }
    })
}

impl<A: Aggregate> Repository<A> {
    /// Loads an instance: the fold of all its events, from the last snapshot on where there is one.
    ///
    /// It is what is stored when it is called; the cached state of commands is not used.
    /// An instance that nothing has happened to is its `Default`, at version 0.
    ///
    /// # Errors
    /// [`LoadError`] when the store fails, or holds an event that cannot be read.
    pub async fn load(&self, id: &A::Id) -> Result<Loaded<A>, LoadError> {
        self.load_at(id, AsOf::Now).await
    }

    /// Loads an instance as it was at another moment.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{AsOf, LoadError, Loaded, MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// accounts.execute(&id, Deposit { cents: 500 }).await?;
    /// accounts.execute(&id, Deposit { cents: 20 }).await?;
    ///
    /// let then = accounts.load_at(&id, AsOf::Version(1)).await?;
    /// assert_eq!((then.cents, Loaded::version(&then)), (500, 1));
    ///
    /// let too_far = accounts.load_at(&id, AsOf::Version(3)).await;
    /// assert!(matches!(too_far, Err(LoadError::NotThere { version: 2, .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`LoadError::NotThere`] when a version is asked for that the instance has not reached, and
    /// those of [`load`](Self::load).
    pub async fn load_at(&self, id: &A::Id, as_of: AsOf) -> Result<Loaded<A>, LoadError> {
        let stream = stream_of::<A>(id)?;
        let mut page = self.pages.take();
        let folded = self.fold_to(&stream, as_of, &mut page).await;
        self.pages.put(page);
        let Warm { state, version, .. } = folded?;
        Ok(Loaded { id: id.clone(), stream, state, version })
    }

    async fn fold_to(
        &self,
        stream: &StreamId,
        as_of: AsOf,
        page: &mut Page,
    ) -> Result<Warm<A>, LoadError> {
        let mut fold = Fold::new(&*self.store, stream, self.codec())?;
        let envelopes = matches!(as_of, AsOf::Time(_));
        while fold.next_page(page, as_of, envelopes).await? {}
        let mut warm = fold.into_warm();
        match as_of {
            AsOf::Now => self.snapshot_if_due(stream, &mut warm),
            AsOf::Version(last) if warm.version < last => {
                let (stream, version) = (stream.clone(), warm.version);
                return Err(LoadError::NotThere { stream, as_of, version });
            }
            _ => {}
        }
        Ok(warm)
    }

    /// Compares an instance between two moments: each place of its state whose value is another, with both
    /// values.
    ///
    /// # Errors
    /// Those of [`load_at`](Self::load_at), and [`LoadError::State`] when a state cannot be written
    /// as JSON, by which they are compared.
    pub async fn diff(&self, id: &A::Id, before: AsOf, after: AsOf) -> Result<Changes, LoadError>
    where
        A: ComparedState,
    {
        let mut shown_at = Vec::with_capacity(2);
        for as_of in [before, after] {
            let loaded = self.load_at(id, as_of).await?;
            shown_at.push(shown(
                Loaded::state(&loaded),
                Loaded::stream(&loaded),
                Loaded::version(&loaded),
            )?);
        }
        Ok(Changes::between(&shown_at[0], &shown_at[1]))
    }
}
