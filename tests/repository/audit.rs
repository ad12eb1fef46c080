//! The audit trail of one instance, of an aggregate, and of all.

use esrs::event::FixedClock;
use esrs::prelude::*;
use esrs::store::AuditTrail;
use esrs::{EventStore, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
#[event("permit_granted", aliases("permit_given"))]
struct PermitGranted {
    street: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("permit_revoked")]
struct PermitRevoked {}

#[derive(Aggregate, Default, Debug)]
#[aggregate("permit", id = u32, events(PermitGranted, PermitRevoked), retired("stamped"))]
struct Permit {
    granted: bool,
}

impl Apply<PermitGranted> for Permit {
    fn apply(&mut self, _: PermitGranted) {
        self.granted = true;
    }
}

impl Apply<PermitRevoked> for Permit {
    fn apply(&mut self, _: PermitRevoked) {
        self.granted = false;
    }
}

/// An event of the same stored name belongs to another aggregate too.
#[derive(Aggregate, Default, Debug)]
#[aggregate("licence", id = u32, events(PermitRevoked))]
struct Licence {}

impl Apply<PermitRevoked> for Licence {
    fn apply(&mut self, _: PermitRevoked) {}
}

struct Grant;
struct Revoke;

impl Handle<Grant> for Permit {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Grant, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PermitGranted { street: "Long Lane".to_owned() }.into())
    }
}

impl Handle<Revoke> for Permit {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Revoke, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PermitRevoked {}.into())
    }
}

impl Handle<Revoke> for Licence {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Revoke, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PermitRevoked {}.into())
    }
}

fn noon() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

const COMPLAINT: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001);

/// A morning in the town hall.
async fn town_hall(store: impl EventStore + Clone) {
    let clock = FixedClock::at(noon());
    let permits = Repository::<Permit>::new(store.clone()).with_clock(clock.clone());
    let licences = Repository::<Licence>::new(store).with_clock(clock.clone());
    let hour = || clock.advance(SignedDuration::from_hours(1));
    permits.execute(&1, Grant).by("alice").with("office", "north").await.unwrap();
    hour();
    permits.execute(&2, Grant).by("bob").await.unwrap();
    hour();
    permits.execute(&1, Revoke).by("bob").caused_by(COMPLAINT).await.unwrap();
    hour();
    licences.execute(&1, Revoke).by("bob").with("office", "north").await.unwrap();
    hour();
    permits.execute(&1, Grant).await.unwrap();
}

async fn told(mut trail: AuditTrail) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(entry) = trail.try_next().await.unwrap() {
        let envelope = &entry.envelope;
        let hour = envelope.recorded_at.duration_since(noon()).as_hours();
        told.push(format!("{hour} {} {} {}", envelope.stream, envelope.version, entry.kind.name));
    }
    told
}

async fn each_question_has_its_answer(store: impl EventStore + Clone) {
    town_hall(store.clone()).await;
    let trail = || AuditTrail::new(store.clone());
    let all = [
        "0 permit-1 1 permit_granted",
        "1 permit-2 1 permit_granted",
        "2 permit-1 2 permit_revoked",
        "3 licence-1 1 permit_revoked",
        "4 permit-1 3 permit_granted",
    ];
    let of = |places: &[usize]| places.iter().map(|place| all[*place]).collect::<Vec<_>>();
    assert_eq!(told(trail()).await, of(&[0, 1, 2, 3, 4]));
    assert_eq!(told(trail().of::<Permit>()).await, of(&[0, 1, 2, 4]));
    let stream = esrs::StreamId::new("permit", 1).unwrap();
    assert_eq!(told(trail().of_stream(stream.clone())).await, of(&[0, 2, 4]));
    assert_eq!(told(trail().by("bob")).await, of(&[1, 2, 3]));
    assert_eq!(told(trail().by("bob").of::<Permit>()).await, of(&[1, 2]));
    assert_eq!(told(trail().by("bob").of_stream(stream.clone())).await, of(&[2]));
    assert_eq!(told(trail().of_stream(stream).by("bob")).await, of(&[2]));
    assert_eq!(told(trail().caused_by(COMPLAINT)).await, of(&[2]));
    assert_eq!(told(trail().with("office", "north")).await, of(&[0, 3]));
    let hour = |hours| noon() + SignedDuration::from_hours(hours);
    assert_eq!(told(trail().from(hour(1)).before(hour(3))).await, of(&[1, 2]));
    assert_eq!(told(trail().by("carol")).await, of(&[]));
}

/// An entry is one line whatever an actor calls itself, and says nothing to a terminal.
#[tokio::test]
async fn an_entry_is_one_line_whatever_is_in_it() {
    let store = MemoryStore::new();
    let permits = Repository::<Permit>::new(store.clone());
    let forged = "mallory\n2026-01-31T12:00:00Z alice: permit-1 1 permit_granted {}";
    let hostile =
        [forged, "\u{1b}[2J\u{1b}]0;title\u{7}", "\r\u{9b}31m", "\u{202e}ecila", "a\u{200b}b"];
    for (id, actor) in (1..).zip(hostile) {
        permits.execute(&id, Grant).by(actor).with(actor, actor).await.unwrap();
    }
    let mut trail = AuditTrail::new(store);
    let mut count = 0;
    while let Some(entry) = trail.try_next().await.unwrap() {
        let line = entry.to_string();
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{202e}', '\u{200b}']), "{line:?}");
        // What was stored is as it came.
        assert_eq!(entry.envelope.metadata.actor(), Some(hostile[count]));
        count += 1;
    }
    assert_eq!(count, hostile.len());
}

#[tokio::test]
async fn an_entry_shows_its_stream_event_and_payload_in_one_line_too() {
    let store = MemoryStore::new();
    let event = esrs::store::NewEvent {
        id: Uuid::from_u128(1),
        name: "gran\u{202e}ted".into(),
        version: 1,
        payload: "{\n\"street\":\"\u{202e}enaL\"}".to_owned(),
        recorded_at: noon(),
        metadata: esrs::Metadata::new(),
    };
    let stream = esrs::StreamId::new("permit", "\u{202e}71").unwrap();
    let batch =
        esrs::store::AppendBatch::new(stream, esrs::store::AppendCondition::NoStream, vec![event]);
    store.append(batch).await.unwrap();
    let mut trail = AuditTrail::new(store);
    let line = trail.try_next().await.unwrap().unwrap().to_string();
    let shown = [r"permit-\u{202e}71", r"gran\u{202e}ted", r#"{\n"street":"\u{202e}enaL"}"#];
    assert!(shown.iter().all(|part| line.contains(part)), "{line:?}");
    assert!(!line.contains(['\u{202e}', '\n']), "{line:?}");
}

#[tokio::test]
async fn each_question_has_its_answer_in_memory() {
    each_question_has_its_answer(MemoryStore::new()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn each_question_has_its_answer_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("log.db")).await.unwrap();
    each_question_has_its_answer(store).await;
}

#[tokio::test]
async fn an_entry_is_one_line_for_people() {
    let store = MemoryStore::new();
    town_hall(store.clone()).await;
    let mut trail = AuditTrail::new(store).of::<Permit>();
    let mut lines = Vec::new();
    while let Some(entry) = trail.try_next().await.unwrap() {
        lines.push(entry.to_string());
    }
    assert_eq!(
        lines.join("\n"),
        r#"2026-01-31T12:00:00Z alice: permit-1 1 permit_granted {"street":"Long Lane"} (office = north)
2026-01-31T13:00:00Z bob: permit-2 1 permit_granted {"street":"Long Lane"}
2026-01-31T14:00:00Z bob: permit-1 2 permit_revoked {} (caused by 01980000-0000-7000-8000-000000000001)
2026-01-31T16:00:00Z nobody: permit-1 3 permit_granted {"street":"Long Lane"}"#
    );
}

#[tokio::test]
async fn a_trail_is_read_page_by_page_and_goes_on_where_it_was() {
    let store = MemoryStore::new();
    let permits = Repository::<Permit>::new(store.clone());
    let stream = esrs::StreamId::new("permit", 1).unwrap();
    let mut trails = [
        AuditTrail::new(store.clone()).by("alice"),
        AuditTrail::new(store.clone()).of_stream(stream).by("alice"),
    ];
    for round in 1..=2 {
        for number in 0..2_500 {
            let actor = if number % 2 == 0 { "alice" } else { "bob" };
            permits.execute(&1, Grant).by(actor).await.unwrap();
        }
        for trail in &mut trails {
            let mut count = 0;
            while trail.try_next().await.unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, 1_250, "in round {round}");
        }
    }
}
