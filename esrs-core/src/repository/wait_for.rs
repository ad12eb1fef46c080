//! A command whose events are to be seen by a read model when it is answered.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::{Execute, ExecuteError, Executed};
use crate::aggregate::{Aggregate, Handle};
use crate::log::StoreError;
use crate::read_model::subscription::{Subscription, WaitTarget};

/// A command that waits to be executed, and then for a read model; `.await` it.
///
/// Made by [`Execute::wait_for`].
#[derive(Debug)]
#[must_use = "a command does nothing until it is awaited"]
pub struct WaitFor<'a, A: Aggregate, C> {
    pub(super) execute: Execute<'a, A, C>,
    pub(super) subscription: Subscription,
    pub(super) timeout: Duration,
}

impl<'a, A, C> IntoFuture for WaitFor<'a, A, C>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync + 'a,
{
    type Output = Result<Executed, ExecuteError<A::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { execute, subscription, timeout } = self;
        let store = &*execute.repository.store;
        let Some(models) = store.as_subscription_store() else {
            let subscription = subscription.name;
            return Box::pin(
                async move { Err(StoreError::NoSubscriptions { subscription }.into()) },
            );
        };
        let executing = execute.into_future();
        Box::pin(async move {
            let executed = executing.await?;
            let Some(position) = executed.position() else { return Ok(executed) };
            let target = WaitTarget { position, streams: vec![executed.stream().clone()] };
            match models.wait_for(Arc::new(subscription), target, timeout).await {
                Ok(_) => Ok(executed),
                Err(source) => Err(ExecuteError::NotSeen { executed: Box::new(executed), source }),
            }
        })
    }
}
