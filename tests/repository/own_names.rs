//! A state and an event with fields and methods that esrs has names for too.

use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("draft_saved")]
struct DraftSaved {
    version: String,
    stream: u8,
}

impl DraftSaved {
    fn version(&self) -> &str {
        &self.version
    }

    fn recorded_at(&self) -> &'static str {
        "on paper"
    }

    fn event(&self) -> u8 {
        self.stream
    }
}

#[derive(Aggregate, Default)]
#[aggregate("document", id = u32, events(DraftSaved))]
struct Document {
    version: String,
    id: u8,
}

impl Document {
    fn version(&self) -> &str {
        &self.version
    }

    fn state(&self) -> &'static str {
        "draft"
    }

    fn is_new(&self) -> bool {
        self.id == 7
    }

    fn id(&self) -> u8 {
        self.id
    }
}

impl Apply<DraftSaved> for Document {
    fn apply(&mut self, event: DraftSaved) {
        (self.version, self.id) = (event.version, 7);
    }
}

impl Handle<DraftSaved> for Document {
    type Error = Infallible;

    fn handle(&self, draft: &DraftSaved, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(draft.clone().into())
    }
}

#[tokio::test]
async fn fields_and_methods_of_a_state_are_its_own() {
    let documents = Repository::<Document>::new(MemoryStore::new());
    let saved = DraftSaved { version: "second".to_owned(), stream: 3 };
    documents.execute(&1, saved).await.unwrap();
    let document = documents.load(&1).await.unwrap();
    assert_eq!((document.version(), document.state(), document.id()), ("second", "draft", 7));
    assert_eq!((&*document.version, document.is_new()), ("second", true));
    assert_eq!((Loaded::version(&document), Loaded::id(&document)), (1, &1));
    assert!(!Loaded::is_new(&document) && Loaded::stream(&document).as_str() == "document-1");
    assert_eq!(Loaded::into_state(document).id, 7);
}

#[test]
fn fields_and_methods_of_an_event_are_its_own() {
    let envelope = esrs::event::Envelope {
        stream: "document-1".parse().unwrap(),
        version: 9,
        position: esrs::Position::new(12),
        event_id: uuid::Uuid::nil(),
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: esrs::Metadata::new(),
    };
    let saved = DraftSaved { version: "third".to_owned(), stream: 3 };
    let recorded = Recorded::new(saved.clone(), envelope);
    assert_eq!(
        (recorded.version(), recorded.recorded_at(), recorded.event()),
        ("third", "on paper", 3)
    );
    assert_eq!((&*recorded.version, recorded.stream), ("third", 3));
    assert_eq!((Recorded::version(&recorded), Recorded::position(&recorded).get()), (9, 12));
    assert_eq!(Recorded::recorded_at(&recorded), Timestamp::UNIX_EPOCH);
    assert_eq!(Recorded::into_event(recorded), saved);
}
