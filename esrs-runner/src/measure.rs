//! Metrics.

use std::time::Duration;

use crate::status::{State, Status};

const SUBSCRIPTION: &str = "subscription";

pub(crate) fn stands(status: &Status) {
    if let Some(lag) = status.lag() {
        metrics::gauge!("esrs_subscription_lag", SUBSCRIPTION => status.name).set(lag as f64);
    }
}

pub(crate) fn state(status: &Status) {
    let Status { name, state, parked, .. } = status;
    let is = |state: bool| f64::from(u8::from(state));
    metrics::gauge!("esrs_subscription_parked_streams", SUBSCRIPTION => *name).set(*parked as f64);
    metrics::gauge!("esrs_subscription_failed", SUBSCRIPTION => *name)
        .set(is(matches!(state, State::Failed { .. })));
    metrics::gauge!("esrs_subscription_outdated", SUBSCRIPTION => *name)
        .set(is(matches!(state, State::Outdated { .. })));
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
