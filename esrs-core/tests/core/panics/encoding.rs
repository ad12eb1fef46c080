//! Events that cannot be written, or not be read again.

use esrs_core::{ExecuteError, MemoryStore, PayloadError, Repository};

use super::counter::{Count, Counter, NOT_READ, NOT_WRITTEN, stored};

#[tokio::test]
async fn event_that_panics_when_it_is_written_or_read_again_is_refused() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store.clone());
    for version in 1..=2 {
        let error = counters.execute(&1, Count(vec![1, NOT_WRITTEN])).await.unwrap_err();
        let ExecuteError::Encode { event: "counted", source, .. } = error else {
            panic!("{error}")
        };
        assert!(source.to_string().contains("never written"), "{source}");
        let error = counters.execute(&1, Count(vec![1, NOT_READ])).await.unwrap_err();
        let ExecuteError::Unreadable { event: "counted", source, .. } = error else {
            panic!("{error}")
        };
        let PayloadError::Panicked { message } = source else { panic!("{source}") };
        assert!(message.contains("never read"), "{message}");
        assert_eq!(counters.execute(&1, Count(vec![1])).await.unwrap().version(), version);
    }
    assert_eq!(stored(&store, 1).await.len(), 2);
}
