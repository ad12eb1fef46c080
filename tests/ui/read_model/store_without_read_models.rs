use std::sync::Arc;

use esrs::EventStore;
use esrs::prelude::*;

fn read(_: &impl ReadModels) {}

fn main() {
    let chosen: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    read(&chosen);
}
