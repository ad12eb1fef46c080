//! Where in a distributed trace an event comes from: picked up from real spans of OpenTelemetry.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esrs::Metadata;
use esrs::event::TraceContext;
use esrs::prelude::*;
use esrs::repository::WarmStates;
use esrs::store::AuditTrail;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::Attributes;
use tracing::{Dispatch, Instrument, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{self, SubscriberExt};

#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
struct Counted {}

#[derive(Aggregate, Default)]
#[aggregate("counter", id = u64, events(ignored(Counted)))]
struct Counter;

#[derive(Serialize)]
struct Count;

impl Handle<Count> for Counter {
    type Error = Infallible;

    fn handle(&self, _: &Count, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok((Counted {}, Counted {}).into())
    }
}

/// The spans that have ended, as an exporter would be given them.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<HashMap<String, SpanContext>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().insert(span.name.into_owned(), span.span_context);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Ended {
    /// The `traceparent` of a span, by the rules of W3C.
    fn traceparent(&self, name: &str) -> String {
        let ended = self.0.lock().unwrap();
        let span = &ended[name];
        let flags = if span.is_sampled() { "01" } else { "00" };
        format!("00-{}-{}-{flags}", span.trace_id(), span.span_id())
    }
}

/// A subscriber as a service would have it, and the spans that ended in it.
fn subscriber(sampler: Sampler) -> (Dispatch, Ended) {
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder().with_sampler(sampler);
    let tracer = provider.with_span_processor(ended.clone()).build().tracer("tests");
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    (tracing_subscriber::registry().with(layer).into(), ended)
}

async fn recorded(store: MemoryStore) -> Vec<Metadata> {
    let (mut trail, mut recorded) = (AuditTrail::new(store), Vec::new());
    while let Some(entry) = trail.try_next().await.unwrap() {
        recorded.push(entry.envelope.metadata);
    }
    recorded
}

async fn traceparents(store: MemoryStore) -> Vec<Option<String>> {
    let traceparent = |metadata: &Metadata| metadata.traceparent().map(str::to_owned);
    recorded(store).await.iter().map(traceparent).collect()
}

fn counters() -> (Repository<Counter>, MemoryStore) {
    let store = MemoryStore::new();
    (Repository::new(store.clone()), store)
}

#[derive(Id, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Name(String);

#[derive(Aggregate, Clone, Default)]
#[aggregate("named_counter", id = Name, events(ignored(Counted)))]
struct NamedCounter;

impl Handle<Count> for NamedCounter {
    type Error = Infallible;

    fn handle(&self, _: &Count, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(Counted {}.into())
    }
}

/// Everything that is traced, as a subscriber shows it.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<String>>>);

impl Visit for Traced {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // As `tracing_subscriber::fmt` has it: the message is no value to be quoted.
        match field.name() {
            "message" => self.record_debug(field, &format_args!("{value}")),
            _ => self.record_debug(field, &value),
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Traced {
    fn on_new_span(&self, span: &Attributes<'_>, _: &tracing::Id, _: layer::Context<'_, S>) {
        span.record(&mut self.clone());
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: layer::Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

/// Ids and panics are a part of one line of a trace, whatever they contain.
#[tokio::test]
async fn what_is_traced_is_short_and_says_nothing_to_a_terminal() {
    const HOSTILE: &str = "a\nb\r\u{1b}[2J\u{9b}31m\u{202e}c\u{200b}";
    let traced = Traced::default();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(traced.clone()));
    let cache = WarmStates::bytes(10, |_: &NamedCounter| panic!("{HOSTILE}"));
    let counters = Repository::<NamedCounter>::new(MemoryStore::new()).with_warm_states(cache);
    async {
        for refused in [HOSTILE.to_owned(), HOSTILE.repeat(1 << 16)] {
            let command = counters.execute(&Name(refused), Count);
            assert!(format!("{command:?}").len() < 1_000);
            command.await.unwrap_err();
        }
        for id in ["1", "a\u{202e}c\u{200b}"] {
            counters.execute(&Name(id.to_owned()), Count).await.unwrap();
        }
    }
    .with_subscriber(dispatch)
    .await;
    let traced = traced.0.lock().unwrap();
    for expected in [r"id=a\nb\r\u{1b}[2J", r"id=a\u{202e}c\u{200b}", r"panic=a\nb\r\u{1b}"] {
        assert!(traced.iter().any(|field| field.starts_with(expected)), "{expected}: {traced:?}");
    }
    for field in &*traced {
        assert!(!field.chars().any(char::is_control), "{field:?}");
        assert!(!field.contains(['\u{202e}', '\u{200b}']), "{field:?}");
        assert!(field.len() < 1_000, "{field}");
    }
}

#[tokio::test]
async fn events_carry_the_span_that_their_command_was_awaited_in() {
    let ((counters, store), (dispatch, ended)) = (counters(), subscriber(Sampler::AlwaysOn));
    async {
        // Built in one span, awaited in another, with a span of esrs inside.
        let command = info_span!("built").in_scope(|| counters.execute(&1, Count));
        async { command.await.unwrap() }.instrument(info_span!("request")).await;
    }
    .with_subscriber(dispatch)
    .await;
    assert!(ended.0.lock().unwrap().contains_key("execute"), "esrs has a span of its own");
    let request = Some(ended.traceparent("request"));
    assert_eq!(traceparents(store).await, [request.clone(), request]);
}

#[tokio::test]
async fn the_trace_that_a_request_came_with_goes_on_with_its_tracestate() {
    let ((counters, store), (dispatch, ended)) = (counters(), subscriber(Sampler::AlwaysOn));
    let trace_id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
    let state = TraceState::from_key_value([("rojo", "00f067aa0ba902b7"), ("congo", "t61")]);
    let (span_id, flags) = (SpanId::from(7), TraceFlags::SAMPLED);
    let came_with = SpanContext::new(trace_id, span_id, flags, true, state.unwrap());
    async {
        let request = info_span!("request");
        let remote = opentelemetry::Context::new().with_remote_span_context(came_with);
        request.set_parent(remote).unwrap();
        async { counters.execute(&1, Count).await.unwrap() }.instrument(request).await;
    }
    .with_subscriber(dispatch)
    .await;
    let recorded = recorded(store).await;
    let request = ended.traceparent("request");
    assert!(request.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{request}");
    assert_eq!(recorded[0].traceparent(), Some(&*request));
    assert_eq!(recorded[0].tracestate(), Some("rojo=00f067aa0ba902b7,congo=t61"));
}

#[tokio::test]
async fn a_trace_that_is_not_sampled_says_so() {
    let ((counters, store), (dispatch, _)) = (counters(), subscriber(Sampler::AlwaysOff));
    let command = async { counters.execute(&1, Count).await.unwrap() };
    async { command.instrument(info_span!("request")).await }.with_subscriber(dispatch).await;
    let traceparents = traceparents(store).await;
    let traceparent = traceparents[0].as_deref().unwrap();
    assert!(traceparent.ends_with("-00"), "{traceparent}");
    traceparent.parse::<TraceContext>().unwrap();
}

#[tokio::test]
async fn each_command_of_a_unit_carries_the_span_that_the_unit_was_awaited_in() {
    let ((counters, store), (dispatch, ended)) = (counters(), subscriber(Sampler::AlwaysOn));
    let unit = async {
        let first = counters.execute(&1, Count);
        first.and(counters.execute(&2, Count)).await.unwrap()
    };
    async { unit.instrument(info_span!("request")).await }.with_subscriber(dispatch).await;
    assert_eq!(traceparents(store).await, vec![Some(ended.traceparent("request")); 4]);
}

#[tokio::test]
async fn a_command_that_brings_its_own_trace_keeps_it() {
    let ((counters, store), (dispatch, _)) = (counters(), subscriber(Sampler::AlwaysOn));
    let own = TraceContext::new(1, 2, 0).unwrap();
    let command = async {
        counters.execute(&1, Count).with_trace_context(own.clone()).await.unwrap();
        let metadata = Metadata::new().with_trace(own.traceparent(), None);
        counters.execute(&1, Count).with_metadata(metadata).await.unwrap();
    };
    async { command.instrument(info_span!("request")).await }.with_subscriber(dispatch).await;
    assert_eq!(traceparents(store).await, vec![Some(own.to_string()); 4]);
}

#[tokio::test]
async fn a_repository_takes_the_trace_from_where_it_is_told() {
    let ((counters, store), (dispatch, _)) = (counters(), subscriber(Sampler::AlwaysOn));
    let told = TraceContext::new(1, 2, 1).unwrap().with_tracestate("rojo=1");
    let (telling, silent) = (told.clone(), counters.clone().with_trace_context(|| None));
    let telling = counters.with_trace_context(move || Some(telling.clone()));
    let commands = async {
        telling.clone().execute(&1, Count).await.unwrap();
        silent.execute(&1, Count).await.unwrap();
    };
    async { commands.instrument(info_span!("request")).await }.with_subscriber(dispatch).await;
    let recorded = recorded(store).await;
    let traces = recorded.iter().map(|metadata| (metadata.traceparent(), metadata.tracestate()));
    let told = (Some(told.traceparent()), told.tracestate());
    assert_eq!(traces.collect::<Vec<_>>(), [told, told, (None, None), (None, None)]);
}

#[tokio::test]
async fn events_of_no_span_and_of_a_span_that_is_not_traced_carry_nothing() {
    let (counters, store) = counters();
    counters.execute(&1, Count).await.unwrap();
    let untraced = Dispatch::new(tracing_subscriber::registry());
    let command = async { counters.execute(&1, Count).await.unwrap() };
    async { command.instrument(info_span!("request")).await }.with_subscriber(untraced).await;
    let (dispatch, _) = subscriber(Sampler::AlwaysOn);
    async { counters.execute(&1, Count).await.unwrap() }.with_subscriber(dispatch).await;
    assert_eq!(traceparents(store).await, vec![None; 6]);
}
