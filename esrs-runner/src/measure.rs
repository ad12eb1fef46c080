//! What is counted.

use std::time::Duration;

use crate::status::Status;

const SUBSCRIPTION: &str = "subscription";

pub(crate) fn stands(status: &Status) {
    let lag = status.lag() as f64;
    metrics::gauge!("esrs_subscription_lag", SUBSCRIPTION => status.name).set(lag);
    let parked = status.parked as f64;
    metrics::gauge!("esrs_subscription_parked_streams", SUBSCRIPTION => status.name).set(parked);
}

pub(crate) fn committed(name: &'static str, events: usize, took: Duration) {
    metrics::counter!("esrs_subscription_batches_total", SUBSCRIPTION => name).increment(1);
    metrics::counter!("esrs_subscription_events_total", SUBSCRIPTION => name)
        .increment(events as u64);
    metrics::histogram!("esrs_subscription_batch_events", SUBSCRIPTION => name)
        .record(events as f64);
    metrics::histogram!("esrs_subscription_batch_seconds", SUBSCRIPTION => name)
        .record(took.as_secs_f64());
}

pub(crate) fn retried(name: &'static str) {
    metrics::counter!("esrs_subscription_retries_total", SUBSCRIPTION => name).increment(1);
}
