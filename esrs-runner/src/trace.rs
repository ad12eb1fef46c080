//! The span of a batch, and the traces that led to it.

use esrs_core::Page;
use tracing::Span;

/// The span of a batch, linked to the traces of the commands whose events are in it.
pub(crate) fn batch(subscription: &'static str, page: &Page) -> Span {
    let span = tracing::info_span!(
        "follow",
        subscription,
        events = page.len(),
        up_to = page.scanned().get(),
    );
    link(&span, page);
    span
}

/// Links from the span of a batch; more would make it larger than what it is about.
#[cfg(feature = "opentelemetry")]
const MOST_LINKS: usize = 32;

#[cfg(feature = "opentelemetry")]
fn link(span: &Span, page: &Page) {
    use std::collections::HashSet;

    use tracing_opentelemetry::OpenTelemetrySpanExt;

    let mut linked = HashSet::new();
    for record in page.records() {
        if linked.len() == MOST_LINKS {
            return;
        }
        let envelope = record.envelope();
        let place = envelope.as_ref().and_then(|envelope| envelope.metadata.traceparent());
        if let Some(place) = place
            && !linked.contains(place)
            && let Some(context) = span_context(place)
        {
            linked.insert(place.to_owned());
            span.add_link(context);
        }
    }
}

/// The place in a trace that a `traceparent` names. <https://www.w3.org/TR/trace-context/#traceparent-header>
#[cfg(feature = "opentelemetry")]
fn span_context(traceparent: &str) -> Option<opentelemetry::trace::SpanContext> {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    let mut parts = traceparent.split('-').skip(1);
    let trace_id = TraceId::from_hex(parts.next()?).ok()?;
    let span_id = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::default()))
}

#[cfg(not(feature = "opentelemetry"))]
fn link(_: &Span, _: &Page) {}
