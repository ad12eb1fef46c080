//! Two versions of a program at once: the older one leaves to the newer one what it cannot read.

use std::convert::Infallible;
use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Live, Parking, Rebuild, Retries, Runner, Running, State, Status};
use esrs::store::BoxError;
use esrs::subscription::{
    Advance, EventHandler, Listen, On, ParkedStream, ParkingAction, Projected, Transaction,
};
use esrs::{Position, StreamId};

use crate::stores::{TestStore, on_every_store};
use crate::{SOON, until};

on_every_store!(
    older_program_leaves_a_newer_event_to_the_newer_program,
    stream_that_an_older_program_parked_is_retried_by_a_newer_one,
    older_rebuild_and_live_rows_stop_at_a_newer_event;
    older_handler_leaves_a_newer_event_to_the_newer_program,
);

/// A program of one version of the event: the same stored names, tables and handlers.
macro_rules! program {
    ($version:ident, $number:literal, $($from:ident,)? { $($field:ident: $type:ty),* }, $points:expr) => {
        mod $version {
            use super::*;

            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event("scored", version = $number $(, from = $from)?)]
            pub(super) struct Scored {
                $(pub(super) $field: $type),*
            }

            #[derive(Aggregate, Clone, Default)]
            #[aggregate("player", id = u32, events(ignored(Scored)))]
            pub(super) struct Player {}

            pub(super) struct Score(pub(super) Scored);

            impl Handle<Score> for Player {
                type Error = Infallible;

                fn handle(&self, score: &Score, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
                    Ok(score.0.clone().into())
                }
            }

            #[derive(Projection, Debug, Clone, PartialEq, Eq)]
            #[projection(table = "scores", of = Player, creates(Scored), events(Scored))]
            pub(super) struct Scores {
                #[projection(key)]
                pub(super) player: u32,
                pub(super) points: i64,
            }

            impl Create<Scored> for Scores {
                fn create(player: u32, event: &Recorded<Scored>) -> Self {
                    Self { player, points: points(event) }
                }
            }

            impl Project<Scored> for Scores {
                fn project(&mut self, event: &Recorded<Scored>) {
                    self.points += points(event);
                }
            }

            pub(super) fn points(event: &Scored) -> i64 {
                let points: fn(&Scored) -> i64 = $points;
                points(event)
            }

            pub(super) struct Log;

            impl EventHandler for Log {
                const NAME: &'static str = "log_of_scores";

                fn listen(events: Listen<Self>) -> Listen<Self> {
                    events.to::<Player, Scored>()
                }

                async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
                    transaction.execute("DROP TABLE IF EXISTS log_of_scores", &[]).await?;
                    transaction.execute("CREATE TABLE log_of_scores (points bigint)", &[]).await?;
                    Ok(())
                }
            }

            impl On<Scored> for Log {
                async fn on(
                    &mut self,
                    event: &Recorded<Scored>,
                    transaction: &mut dyn Transaction,
                ) -> Result<(), BoxError> {
                    let insert = "INSERT INTO log_of_scores VALUES ($1)";
                    transaction.execute(insert, &[points(event).into()]).await?;
                    Ok(())
                }
            }
        }
    };
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("scored", version = 1)]
struct ScoredV1 {
    points: i64,
}

program!(old, 1, { points: i64 }, |event| event.points);
program!(new, 2, ScoredV1, { hundreds: i64, rest: i64 }, |event| event.hundreds * 100 + event.rest);

impl Upcast<ScoredV1> for new::Scored {
    fn upcast(ScoredV1 { points }: ScoredV1) -> Self {
        Self { hundreds: points / 100, rest: points % 100 }
    }
}

async fn old_score(store: &impl TestStore, player: u32, points: i64) -> Position {
    let players = Repository::<old::Player>::new(store.clone());
    let scored = players.execute(&player, old::Score(old::Scored { points })).await.unwrap();
    scored.position().unwrap()
}

async fn new_score(store: &impl TestStore, player: u32, points: i64) -> Position {
    let players = Repository::<new::Player>::new(store.clone());
    let event = new::Scored { hundreds: points / 100, rest: points % 100 };
    players.execute(&player, new::Score(event)).await.unwrap().position().unwrap()
}

fn runner(store: &impl TestStore, name: &str) -> Runner {
    let retries = Retries::new(0, Duration::ZERO);
    Runner::new(store.clone()).named(name).lease(Duration::from_secs(2)).retries(retries)
}

fn is_outdated(status: &Status) -> bool {
    let outdated = State::Outdated { event: "scored".to_owned(), schema_version: 2, known: 1 };
    status.state == outdated
}

async fn reaches(running: &Running, position: Position) -> Status {
    until(running, |status| status.state == State::Following && status.position >= position).await
}

async fn older_program_leaves_a_newer_event_to_the_newer_program(store: impl TestStore) {
    let old_one = runner(&store, "old").project::<old::Scores>().start();
    reaches(&old_one, old_score(&store, 1, 150).await).await;
    new_score(&store, 2, 250).await;
    let last = old_score(&store, 1, 1).await;
    let status = until(&old_one, is_outdated).await;
    assert_eq!(status.parked, 0);
    assert!(status.lag().unwrap() >= 2, "{status:?}");
    // It stays so while nobody else is there.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let status = old_one.status().await;
    assert!(is_outdated(&status[0]) && status[0].lag().unwrap() >= 2, "{status:?}");
    let new_one = runner(&store, "new").project::<new::Scores>().start();
    assert_eq!(reaches(&new_one, last).await.parked, 0);
    let rows = store.rows::<new::Scores>().await.unwrap();
    let points: Vec<_> = rows.iter().map(|row| (row.player, row.points)).collect();
    assert_eq!(points, [(1, 151), (2, 250)]);
    // Now that the event is taken, the older one stands by, and may go on where the newer one stops.
    until(&old_one, |status| matches!(status.state, State::Standby { .. })).await;
    new_one.stop().await;
    reaches(&old_one, old_score(&store, 1, 1).await).await;
    old_one.stop().await;
    assert!(Parking::of::<new::Scores>(store.clone()).log().await.unwrap().is_empty());
}

async fn older_handler_leaves_a_newer_event_to_the_newer_program(
    store: impl TestStore + SqlReadModels,
) {
    old_score(&store, 1, 1).await;
    let last = new_score(&store, 1, 2).await;
    let old_one = runner(&store, "old").handle(old::Log).start();
    until(&old_one, is_outdated).await;
    let new_one = runner(&store, "new").handle(new::Log).start();
    reaches(&new_one, last).await;
    let sums = store.query("SELECT count(*) FROM log_of_scores", []).await.unwrap();
    assert_eq!(sums[0][0].to_string(), "2");
    new_one.stop().await;
    old_one.stop().await;
}

async fn stream_that_an_older_program_parked_is_retried_by_a_newer_one(store: impl TestStore) {
    old_score(&store, 1, 1).await;
    let position = new_score(&store, 2, 2).await;
    old_score(&store, 2, 3).await;
    // As a program of an esrs did that parked what it could not know.
    let subscription = std::sync::Arc::new(Projected::<old::Scores>::subscription_of());
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let (stream, event) = (StreamId::new("player", 2).unwrap(), "scored".to_owned());
    let reason = "version 2 is newer than version 1, the newest that this program knows".to_owned();
    let (parked_at, is_to_resume) = (Timestamp::now(), false);
    let parked =
        ParkedStream { stream, version: 1, position, event, reason, parked_at, is_to_resume };
    let advance = Advance {
        subscription,
        from,
        to: Position::new(3),
        mark: None,
        fence: None,
        park: vec![parked],
        resume: Vec::new(),
    };
    let (_, advanced) = store.advance(advance, Box::new(Projected::<old::Scores>::new())).await;
    advanced.unwrap();
    // The older program still cannot read it, and leaves it where it is.
    let old_one = runner(&store, "old").project::<old::Scores>().start();
    assert_eq!(reaches(&old_one, Position::new(3)).await.parked, 1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let parking = Parking::of::<new::Scores>(store.clone());
    assert_eq!(parking.log().await.unwrap().len(), 1);
    old_one.stop().await;
    let new_one = runner(&store, "new").project::<new::Scores>().start();
    until(&new_one, |status| status.state == State::Following && status.parked == 0).await;
    let rows = store.rows::<new::Scores>().await.unwrap();
    assert_eq!(rows.iter().find(|row| row.player == 2).map(|row| row.points), Some(5));
    let log = parking.log().await.unwrap();
    let actions: Vec<_> = log.iter().map(|entry| entry.action).collect();
    let expected = [ParkingAction::Parked, ParkingAction::Retried, ParkingAction::Resumed];
    assert_eq!(actions, expected);
    assert_eq!(log[1].actor.as_deref(), Some("runner new"));
    new_one.stop().await;
}

async fn older_rebuild_and_live_rows_stop_at_a_newer_event(store: impl TestStore) {
    old_score(&store, 1, 1).await;
    let before = old_score(&store, 2, 2).await;
    let last = new_score(&store, 1, 300).await;
    let (old_rows, new_rows) = (Live::<old::Scores>::new(), Live::<new::Scores>::new());
    let running = runner(&store, "both").live(&old_rows).live(&new_rows).start();
    new_rows.wait_for(last, SOON).await.unwrap();
    assert_eq!(new_rows.get(&1).unwrap().unwrap().points, 301);
    old_rows.wait_for(before, SOON).await.unwrap();
    let waited = old_rows.wait_for(last, SOON).await;
    let Err(StoreError::SubscriptionFailed { reached, .. }) = waited else { panic!("{waited:?}") };
    assert_eq!(reached, before);
    assert_eq!(old_rows.get(&1).unwrap().unwrap().points, 1);
    let status = until(&running, is_outdated).await;
    assert_eq!((status.position, status.lag()), (before, Some(1)));
    running.stop().await;
    let rebuilt = Rebuild::new(store.clone()).run::<old::Scores>().await;
    let Err(StoreError::Projection(error)) = rebuilt else { panic!("{rebuilt:?}") };
    assert_eq!(error.position, last);
    Rebuild::new(store.clone()).run::<new::Scores>().await.unwrap();
    assert_eq!(store.rows::<new::Scores>().await.unwrap().len(), 2);
}

/// The names and definitions of both programs are the same, or this would test nothing.
#[test]
fn both_programs_have_one_projection() {
    assert_eq!(old::Scores::definition(), new::Scores::definition());
}
