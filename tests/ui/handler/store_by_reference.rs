use esrs::prelude::*;
use esrs::subscription::SubscriptionStore;

fn follow(_: impl SubscriptionStore) {}

fn with(store: &SqliteStore) {
    follow(store);
}

fn main() {}
