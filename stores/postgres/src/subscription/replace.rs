//! Putting what was built next to a read model in its place.

use std::time::{Duration, Instant};

use esrs_core::read_model::quoted;
use esrs_core::subscription::{Checkpoint, Replaced, Subscriber, Subscription};
use esrs_core::{Page, Position, ReadQuery, StoreError};
use tokio_postgres::{Client, Error};

use super::beside::{Beside, drop_table, strip};
use super::step::Step;
use super::subscribe::{Stored, is_there, supersede};
use super::table::ModelTable;
use super::{lease, parked};
use crate::encode::to_i64;
use crate::store::Shared;

const DOING: &str = "replacing a read model";

/// So long those who read the rows are waited for at once, because a transaction that appends to them or
/// begins to read waits behind; then those go on for as long.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The longest time for one attempt, in which indexes may be built.
const LONGEST_REPLACEMENT: Duration = Duration::from_secs(60 * 60);

/// The one that is asked, and the one that was built: by which definition, and where they stand.
#[derive(Default)]
struct Both {
    asked: Option<Stored>,
    built: Option<Stored>,
}

/// Replaces a read model by what was built next to it.
pub(super) async fn replace(
    shared: &Shared,
    building: &mut dyn Subscriber,
    fence: Option<u64>,
) -> Result<Replaced, StoreError> {
    let subscription = building.subscription().clone();
    let asked = subscription.asked()?;
    let replacing = Replacing { shared, building: &subscription, asked: &asked };
    let begun_at = Instant::now();
    loop {
        let mut step = Step::begun(shared, &subscription, DOING, fence).await?;
        let replacing = replacing.run(&mut step, building, fence);
        let replaced = shared.in_time(LONGEST_REPLACEMENT, replacing).await;
        let replaced = step.finish(replaced).await;
        if !matches!(replaced, Err(StoreError::Busy { .. })) {
            return replaced;
        }
        let waited = begun_at.elapsed();
        if waited >= shared.busy_timeout {
            let location = format!("the table of {} in {}", asked.name, shared.location);
            return Err(StoreError::Busy { location, waited });
        }
        shared.timer.sleep(LONGEST_WAIT).await.map_err(|_| StoreError::Closed)?;
    }
}

/// The read model that is replaced, in a transaction.
struct Replacing<'a> {
    shared: &'a Shared,
    building: &'a Subscription,
    asked: &'a Subscription,
}

impl Replacing<'_> {
    async fn run(
        &self,
        step: &mut Step<'_>,
        subscriber: &mut dyn Subscriber,
        fence: Option<u64>,
    ) -> Result<Replaced, StoreError> {
        let Self { shared, building, asked } = *self;
        let explain = |error| shared.location.explain(DOING, error);
        let unlimited = step.client()?.batch_execute("SET LOCAL statement_timeout = 0").await;
        unlimited.map_err(explain)?;
        lease::check(shared, step.client()?, building.lease(), fence).await?;
        let both = lock(shared, step.client()?, building).await.map_err(explain)?;
        let stands = both.asked.as_ref().map_or(Checkpoint::NOWHERE, |stored| stored.at);
        // Rows that are ahead of a log that lost commits are mended by being replaced.
        let to = both.asked.as_ref().map_or(Position::START, Stored::holds);
        let Some(built) = both.built else {
            // Another has put it in place already.
            return Ok(Replaced::Behind(to));
        };
        built.check_definition(building)?;
        built.check_history()?;
        let at = self.take_the_rest(step, subscriber, built.at, to).await?;
        if at.position < to {
            return Ok(Replaced::Behind(to));
        }
        let (tables, client) = (&shared.subscriptions, step.client()?);
        if let (Some(live), Some(new)) = (tables.table(asked)?, tables.table(building)?) {
            put_in_place(shared, client, (&live, both.asked.is_some()), &new).await?;
        }
        if let Some(stored) = &both.asked {
            supersede(shared, client, asked, &stored.definition).await.map_err(explain)?;
        }
        let generation = at.generation.max(stands.generation) + 1;
        settle(shared, client, building.name, generation).await.map_err(explain)?;
        Ok(Replaced::Done(Checkpoint { generation, ..at }))
    }

    /// Has what was built take the events behind `at` up to `to`, unless they are too many; answers with
    /// where it stands then.
    async fn take_the_rest(
        &self,
        step: &mut Step<'_>,
        subscriber: &mut dyn Subscriber,
        mut at: Checkpoint,
        to: Position,
    ) -> Result<Checkpoint, StoreError> {
        if !Replaced::may_take(at.position, to) {
            return Ok(at);
        }
        let reader = self.shared.reader_aside().await?;
        let parked = parked::parked(self.shared, &reader, self.building).await?;
        let parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
        let query = ReadQuery::all().only(subscriber.filter()).with_envelopes();
        let mut page = Page::new();
        while at.position < to {
            let next = query.clone().after(at.position).continuing(at.mark);
            page = reader.read(&next, page).await?;
            if page.scanned() == at.position {
                break;
            }
            subscriber.take(&page, &parked)?;
            subscriber.run(at.position, step).await?;
            (at.position, at.mark) = (page.scanned(), page.mark().or(at.mark));
        }
        let Subscription { name, building, .. } = self.building;
        let (to, statements) = (to_i64(at.position.get()), step.statements());
        step.change(&statements.move_to, &[&to, name, building]).await?;
        Ok(at)
    }
}

/// Both, until the transaction ends: a step of either comes before or after.
async fn lock(shared: &Shared, client: &Client, building: &Subscription) -> Result<Both, Error> {
    let Subscription { name, definition, .. } = building;
    let statements = &shared.subscriptions.statements;
    client.batch_execute(&statements.lock_tables).await?;
    let mut both = Both::default();
    for row in client.query(&statements.both, &[name, &&**definition]).await? {
        match row.try_get(0)? {
            true => both.built = Stored::of(&row, 1)?,
            false => both.asked = Stored::of(&row, 1)?,
        }
    }
    // So that no statement of a subscriber commits before the end.
    client.execute(&statements.touch, &[name]).await?;
    Ok(both)
}

async fn put_in_place(
    shared: &Shared,
    client: &Client,
    (live, is_asked): (&ModelTable, bool),
    built: &ModelTable,
) -> Result<(), StoreError> {
    let location = &shared.location;
    let explain = |error| location.explain(DOING, error);
    let limit = format!("SET LOCAL lock_timeout = {}", LONGEST_WAIT.as_millis());
    client.batch_execute(&limit).await.map_err(explain)?;
    let mut beside = None;
    if is_there(client, live).await.map_err(explain)? {
        if !is_asked {
            return Err(live.foreign());
        }
        beside = Some(Beside::of(client, live, location).await?);
        // Their names are those of building, and the live ones may be others by now.
        Beside::lift(client, built, location).await?;
        drop_table(client, live, location).await?;
    }
    let rename = format!(
        "ALTER TABLE {built} RENAME TO {name};
         ALTER TABLE {live} RENAME CONSTRAINT {old_key} TO {key}",
        built = built.name,
        live = live.name,
        name = quoted(&live.bare_name),
        old_key = quoted(&built.primary_key),
        key = quoted(&live.primary_key),
    );
    client.batch_execute(&rename).await.map_err(explain)?;
    // Rows were faster to insert while there was no index to keep up.
    let Some(beside) = beside else { return Ok(()) };
    strip(client, live, location).await?;
    beside.put_on(client, live, location).await
}

async fn settle(
    shared: &Shared,
    client: &Client,
    name: &str,
    generation: u64,
) -> Result<(), Error> {
    let statements = &shared.subscriptions.statements;
    client.execute(&statements.unpark_all, &[&name, &false]).await?;
    client.execute(&statements.bring_parked, &[&name]).await?;
    client.execute(&statements.put_in_place, &[&name, &to_i64(generation)]).await?;
    Ok(())
}
