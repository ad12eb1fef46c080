//! Where a repository looks for the place in a trace.

use std::sync::Arc;

use crate::event::{Metadata, TraceContext};

/// Says where in a trace the caller is.
#[derive(Clone)]
pub(crate) struct TraceSource(Option<Arc<dyn Fn() -> Option<TraceContext> + Send + Sync>>);

impl TraceSource {
    pub(crate) fn new(context: impl Fn() -> Option<TraceContext> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(context)))
    }

    /// The metadata, with the place in a trace where the caller is, unless it has one.
    pub(crate) fn trace(&self, metadata: Metadata) -> Metadata {
        let ask = || self.0.as_ref().and_then(|ask| ask());
        match (metadata.traceparent().is_none()).then(ask).flatten() {
            Some(context) => {
                let (traceparent, tracestate) = context.into_parts();
                metadata.with_trace(traceparent, tracestate)
            }
            None => metadata,
        }
    }
}

impl Default for TraceSource {
    /// Picks up what OpenTelemetry knows, with the feature; nothing without.
    fn default() -> Self {
        #[cfg(feature = "opentelemetry")]
        return Self::new(crate::repository::opentelemetry::of_current_span);
        #[cfg(not(feature = "opentelemetry"))]
        Self(None)
    }
}
