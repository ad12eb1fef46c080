//! The telemetry of a runner: metrics, and spans that lead back to commands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esrs::event::TraceContext;
use esrs::prelude::*;
use esrs::runner::{Retries, Runner};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use opentelemetry::trace::{SpanId, TraceId, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use tracing_subscriber::layer::SubscriberExt;

use crate::bank::{Account, Balance, MoneyDeposited, NEVER, Say};
use crate::{caught_up, deposit, history, stores};

/// The spans of batches that have ended.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// In one test, because both recorders are of the whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_counted_and_their_spans_are_linked_to_the_traces_of_commands() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder().with_span_processor(ended.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tests"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let (_folder, store) = stores::sqlite().await;
    history(&store, 2, 3).await;
    let accounts = Repository::<Account>::new(store.clone());
    let traced = accounts.execute(&1, Say(MoneyDeposited { cents: 10 }));
    traced.with_trace_context(TraceContext::new(77, 7, 1).unwrap()).await.unwrap();
    deposit(&accounts, 2, NEVER).await;
    let retries = Retries::new(2, Duration::from_millis(1));
    let running = Runner::new(store.clone()).retries(retries).project::<Balance>().start();
    caught_up(&store, &running).await;
    running.stop().await;

    let mut told = HashMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (_, key) = key.into_parts();
        let of = key.labels().map(|label| label.value().to_owned()).collect::<String>();
        if of == "balances" {
            told.insert(key.name().to_owned(), value);
        }
    }
    let at_least = |name: &str, least: u64| match &told[name] {
        DebugValue::Counter(count) => assert!(*count >= least, "{name}: {count}"),
        other => panic!("{name}: {other:?}"),
    };
    at_least("esrs_subscription_events_total", 10);
    at_least("esrs_subscription_batches_total", 1);
    at_least("esrs_subscription_retries_total", 2);
    let is = |name: &str, expected: f64| match &told[name] {
        DebugValue::Gauge(value) => assert_eq!(value.into_inner(), expected, "{name}"),
        other => panic!("{name}: {other:?}"),
    };
    is("esrs_subscription_lag", 0.0);
    is("esrs_subscription_parked_streams", 1.0);
    for name in ["esrs_subscription_batch_events", "esrs_subscription_batch_seconds"] {
        assert!(matches!(&told[name], DebugValue::Histogram(values) if !values.is_empty()));
    }

    let spans = ended.0.lock().unwrap();
    let batches = spans.iter().filter(|span| span.name == "follow");
    let links: Vec<_> = batches.flat_map(|span| span.links.iter().cloned()).collect();
    let place = |link: &opentelemetry::trace::Link| {
        (link.span_context.trace_id(), link.span_context.span_id())
    };
    let expected = (TraceId::from(77_u128), SpanId::from(7_u64));
    assert!(links.iter().any(|link| place(link) == expected), "{links:?}");
}
