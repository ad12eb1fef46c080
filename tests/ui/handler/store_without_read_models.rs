use std::sync::Arc;

use esrs::EventStore;
use esrs::prelude::*;
use esrs::subscription::SubscriptionStore;

fn follow(_: impl SubscriptionStore) {}

fn main() {
    let chosen: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    follow(chosen);
}
