//! Putting what was built beside a read model in its place.

use esrs_core::StoreError;
use esrs_core::subscription::{Checkpoint, Replaced, Subscription};
use tokio_postgres::{Client, Error};

use super::beside::{Beside, drop_table};
use super::lease;
use super::subscribe::{checkpoint, is_there};
use super::table::{ModelTable, quoted};
use crate::encode::to_i64;
use crate::store::Shared;

const DOING: &str = "replacing a read model";

/// The one that is asked, and the one that was built: by which definition, and where they stand.
#[derive(Default)]
struct Both {
    asked: Option<(String, Checkpoint)>,
    built: Option<(String, Checkpoint)>,
}

/// Replaces a read model; in a transaction.
pub(super) async fn replace(
    shared: &Shared,
    client: &Client,
    building: &Subscription,
    fence: Option<u64>,
) -> Result<Replaced, StoreError> {
    let explain = |error| shared.location.explain(DOING, error);
    lease::hold(shared, client, building.lease(), fence).await?;
    let Both { asked, built } = lock(shared, client, building.name).await.map_err(explain)?;
    let Some((definition, built)) = built else {
        let (table, reason) = (building.name, "nothing was built to take its place".to_owned());
        return Err(StoreError::ProjectionTable { table, reason });
    };
    if *definition != *building.definition {
        return Err(building.changed(definition));
    }
    if let Some((_, asked)) = &asked
        && built.position < asked.position
    {
        return Ok(Replaced::Behind(asked.position));
    }
    let live = Subscription { building: false, ..building.clone() };
    let tables = &shared.subscriptions;
    if let (Some(live), Some(new)) = (tables.table(&live)?, tables.table(building)?) {
        put_in_place(shared, client, (&live, asked.is_some()), &new).await?;
    }
    let generation = asked.map_or(0, |(_, at)| at.generation).max(built.generation) + 1;
    settle(shared, client, building.name, generation).await.map_err(explain)?;
    Ok(Replaced::Done(Checkpoint { position: built.position, generation }))
}

/// Both, until the transaction ends: a step of either comes before or after.
async fn lock(shared: &Shared, client: &Client, name: &str) -> Result<Both, Error> {
    let statements = &shared.subscriptions.statements;
    client.batch_execute(&statements.lock_tables).await?;
    let mut both = Both::default();
    for row in client.query(&statements.both, &[&name]).await? {
        let stored = (row.try_get(1)?, checkpoint(row.try_get(2)?, row.try_get(3)?));
        match row.try_get(0)? {
            true => both.built = Some(stored),
            false => both.asked = Some(stored),
        }
    }
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
    let mut beside = Beside::default();
    if is_there(client, live).await.map_err(explain)? {
        if !is_asked {
            return Err(live.foreign());
        }
        beside = Beside::of(client, live, location).await?;
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
    client.execute(&statements.remove_replaced, &[&name]).await?;
    client.execute(&statements.put_in_place, &[&name, &to_i64(generation)]).await?;
    Ok(())
}
