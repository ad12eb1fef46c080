use esrs::prelude::*;
use esrs::subscription::SubscriptionStore;

fn follow(_: impl SubscriptionStore) {}

fn main() {
    follow(MemoryStore::new());
}
