//! A command whose events a read model must show before it is answered.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::{Answer, Execute, ExecuteError, Executed};
use crate::aggregate::{Aggregate, Handle};
use crate::log::StoreError;
use crate::read_model::subscription::{Subscription, WaitTarget};

/// A pending command that then waits for a read model; `.await` it.
///
/// Made by [`Execute::wait_for`].
#[derive(Debug)]
#[must_use = "a command does nothing until it is awaited"]
pub struct WaitFor<'a, A: Aggregate, C, R = Executed> {
    pub(super) execute: Execute<'a, A, C, (), R>,
    pub(super) subscription: Subscription,
    pub(super) timeout: Duration,
}

impl<'a, A, C, R> IntoFuture for WaitFor<'a, A, C, R>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync + 'a,
    R: Answer<A>,
{
    type Output = Result<R, ExecuteError<A::Error>>;
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
            let answer = executing.await?;
            let executed = answer.executed();
            let Some(position) = executed.position() else { return Ok(answer) };
            let target = WaitTarget { position, streams: vec![executed.stream().clone()] };
            match models.wait_for(Arc::new(subscription), target, timeout).await {
                Ok(_) => Ok(answer),
                Err(source) => {
                    let executed = Box::new(executed.clone());
                    Err(ExecuteError::NotSeen { executed, source })
                }
            }
        })
    }
}
