//! A subscription before it is started.

use std::num::NonZeroUsize;

use esrs_core::Projection;
use esrs_core::subscription::{EventHandler, Handled, Projected, Subscriber};

type Make = Box<dyn Fn() -> Box<dyn Subscriber> + Send + Sync>;

/// A subscription before it is started, and how it is rebuilt.
pub(crate) struct Subject {
    pub(crate) subscriber: Box<dyn Subscriber>,
    /// Makes the subscription that builds it next to itself; none where that makes no sense.
    pub(crate) building: Option<Make>,
}

impl Subject {
    pub(crate) fn projection<P: Projection>(threads: NonZeroUsize) -> Self {
        Self {
            subscriber: Box::new(Projected::<P>::new().in_parallel(threads)),
            building: Some(Box::new(move || {
                Box::new(Projected::<P>::building().in_parallel(threads))
            })),
        }
    }

    pub(crate) fn handler<H: EventHandler>(handler: H) -> Self {
        Self { subscriber: Box::new(Handled::new(handler)), building: None }
    }
}
