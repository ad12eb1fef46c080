//! Rows that were built from events that are gone are not continued.

use uuid::Uuid;

use super::scripted::{
    Scripted, advance, names, new_subscription, rows, step, stored, subscribe, sum,
};
use crate::event::Position;
use crate::log::{LogMark, Page, ReadQuery, StoreError};
use crate::read_model::subscription::Advance;
use crate::store::SubscriptionStore;
use crate::testing::conformance::support::{append, batch, events, new_stream};

/// A step that was made of a page which goes up to an event that the log does not hold is refused, and
/// nothing of it is stored. The checkpoint of one that is stored knows its event.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_step_behind_an_event_that_is_gone_is_refused(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let appended = append(store, batch(&new_stream("history"), events(3))).await;
    let before = Position::new(appended.first_position.get() - 1);
    let query = ReadQuery::all().after(before).limit(2);
    let page = store.read(query, Page::new()).await.expect("it can be read");
    let mark = page.mark().expect("a page of events goes up to one");
    let begin = subscribe(store, &subscription).await;
    let marked = |from, to: Position, mark| Advance {
        mark: Some(mark),
        ..step(&subscription, from, to.get())
    };
    let written = || Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    let elsewhere = Position::new(mark.position.get() + 1);
    for gone in [
        LogMark { event_id: Uuid::now_v7(), ..mark },
        LogMark { position: elsewhere, ..mark },
        LogMark { position: Position::new(u64::MAX / 4), event_id: Uuid::now_v7() },
    ] {
        let step = marked(begin, page.scanned(), gone);
        let (_, refused) = store.advance(step, Box::new(written())).await;
        let Err(StoreError::HistoryChanged { event_id, .. }) = &refused else {
            panic!("the log does not hold {gone:?}, and it was said: {refused:?}")
        };
        assert_eq!(*event_id, gone.event_id);
        assert_eq!(subscribe(store, &subscription).await, begin);
        assert!(stored(store, &subscription, names(&["a"])).await.is_empty());
    }
    advance(store, marked(begin, page.scanned(), mark), written()).await;
    let at = subscribe(store, &subscription).await;
    assert_eq!((at.position, at.mark), (page.scanned(), Some(mark)));
    let of_all = store.checkpoints().await.expect("checkpoints can be listed");
    let listed = of_all.iter().find(|one| one.name == subscription.name);
    assert_eq!(listed.map(|one| one.checkpoint.mark), Some(Some(mark)));
}
