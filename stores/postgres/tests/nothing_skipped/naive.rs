//! A writer as many libraries have it: the next number of a sequence, and no lock.

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio_postgres::Error;

use crate::events::Stream;
use crate::write::{connect, say_stored, say_undone, sleep};

/// Inserts into a stream of its own, until it meets with what it does not expect.
pub(crate) async fn insert(url: String, dice: TestRng) -> String {
    let ended: Result<std::convert::Infallible, Error> = try_insert(&url, dice).await;
    match ended {
        Err(error) => format!("{error:?}"),
    }
}

async fn try_insert(url: &str, mut dice: TestRng) -> Result<std::convert::Infallible, Error> {
    let client = connect(url).await?;
    let stream = Stream::new(&mut dice);
    let id = "INSERT INTO esrs.streams (name, category) VALUES ($1, $2) RETURNING id";
    let id = client.query_one(id, &[&stream.id.as_str(), &stream.category]).await?;
    let (id, mut version): (i64, i64) = (id.try_get(0)?, 0);
    let insert = client
        .prepare(
            "INSERT INTO esrs.events (position, stream, version, kind, event_id, recorded_at, payload)
            SELECT nextval('esrs.position_seq'), $1, $2, esrs.kind_of($3, $4, 1), $5::uuid, now(),
                $6::text::json
            RETURNING position",
        )
        .await?;
    loop {
        client.batch_execute("BEGIN").await?;
        let (mut position, mut ids) = (0, Vec::new());
        let count = dice.random_range(1..=4);
        for (number, event) in (1..).zip(stream.events(count, &mut dice)) {
            sleep(&client, &mut dice).await?;
            let (name, version) = (&*event.name, version + number);
            let row = client
                .query_one(
                    &insert,
                    &[&id, &version, &stream.category, &name, &event.id, &event.payload],
                )
                .await?;
            if ids.is_empty() {
                position = row.try_get::<_, i64>(0)?;
            }
            ids.push(event.id);
        }
        sleep(&client, &mut dice).await?;
        if dice.random_ratio(1, 5) {
            client.batch_execute("ROLLBACK").await?;
            say_undone(&ids);
        } else {
            client.batch_execute("COMMIT").await?;
            say_stored(position as u64, ids[0]);
            version += count as i64;
        }
    }
}
