//! The place in a trace that OpenTelemetry knows of.

use opentelemetry::trace::TraceContextExt;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::event::TraceContext;

/// The place of the span that the caller is in, if a layer of `tracing_opentelemetry` knows it.
pub(crate) fn of_current_span() -> Option<TraceContext> {
    let span = Span::current();
    if span.is_none() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let place = span.span_context();
    let trace_id = u128::from_be_bytes(place.trace_id().to_bytes());
    let span_id = u64::from_be_bytes(place.span_id().to_bytes());
    let found = TraceContext::new(trace_id, span_id, place.trace_flags().to_u8())?;
    Some(found.with_tracestate(place.trace_state().header()))
}
