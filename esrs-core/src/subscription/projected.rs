//! A projection as a subscriber.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{Parked, RowTransaction, Subscriber, Subscription};
use crate::projection::{AnyPass, Pass, ProjectionError, RowKey};
use crate::{EventFilter, Page, Position, Projection, StoreError};

/// The rows of the projection `P`, kept in the table of its name.
pub struct Projected<P: Projection> {
    subscription: Arc<Subscription>,
    pass: Pass<P>,
    keys: Vec<RowKey>,
}

impl<P: Projection> Projected<P> {
    /// Those that others ask.
    pub fn new() -> Self {
        Self::of(Self::subscription_of())
    }

    /// Those that are built beside them.
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
        }
    }

    fn of(subscription: Subscription) -> Self {
        Self { subscription: Arc::new(subscription), pass: Pass::new(), keys: Vec::new() }
    }
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
        self.pass.filter()
    }

    fn take(&mut self, page: &Page, except: &Parked) -> Result<(), ProjectionError> {
        self.keys = self.pass.decode(page, except)?;
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
            let changes = self.pass.change(rows)?;
            match changes.is_empty() {
                true => Ok(()),
                false => transaction.write(&changes).await,
            }
        })
    }
}
