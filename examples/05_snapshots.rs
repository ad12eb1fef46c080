//! Snapshots: a history of any length, at the price of a short one.
//!
//! To load an electricity meter is to fold all that it ever measured. A snapshot is the state at some
//! version, stored next to the log: a load begins there. It is a cache and nothing else. One that was
//! made by another fold is not used, and one that would not be read as it was written is not stored.

use std::error::Error;

use esrs::prelude::*;
use esrs::repository::SnapshotPolicy;

#[derive(Event, Serialize, Deserialize)]
#[event("consumption_measured")]
struct ConsumptionMeasured {
    watt_hours: u64,
}

/// The derives that a snapshot needs: the shape of the state is known, and it can be written, read, and
/// told from another.
#[derive(Aggregate, Schema, Serialize, Deserialize, Default, PartialEq)]
#[aggregate("meter", id = u32, events(ConsumptionMeasured))]
struct Meter {
    watt_hours: u64,
    highest: u64,
}

impl Apply<ConsumptionMeasured> for Meter {
    fn apply(&mut self, event: ConsumptionMeasured) {
        self.watt_hours += event.watt_hours;
        self.highest = self.highest.max(event.watt_hours);
    }
}

/// The same meter in next year's program: its state follows from the events in another way.
mod next_year {
    use super::{Apply, ConsumptionMeasured};
    use esrs::prelude::*;

    #[derive(Aggregate, Schema, Serialize, Deserialize, Default, PartialEq)]
    #[aggregate("meter", id = u32, events(ConsumptionMeasured), fold_version = 2)]
    pub(crate) struct Meter {
        pub(crate) watt_hours: u64,
        pub(crate) highest: u64,
    }

    impl Apply<ConsumptionMeasured> for Meter {
        fn apply(&mut self, event: ConsumptionMeasured) {
            self.watt_hours += event.watt_hours;
            // What lies above a kilowatt hour was a fault of the meter.
            self.highest = self.highest.max(event.watt_hours.min(1_000));
        }
    }
}

struct Measure {
    watt_hours: u64,
}

impl Handle<Measure> for Meter {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Measure, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(ConsumptionMeasured { watt_hours: command.watt_hours }.into())
    }
}

/// Prints the snapshot that the store has, by plain SQL.
async fn print_snapshot(store: &SqliteStore) -> Result<(), StoreError> {
    for row in store.query("SELECT version, state FROM esrs_snapshots", []).await? {
        println!("snapshot of version {}: {}", row[0], row[1]);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("meters.db")).await?;
    let policy = SnapshotPolicy::every(1_000);
    let meters = Repository::<Meter>::new(store.clone()).with_snapshots(policy);

    for hour in 0..2_500 {
        meters.execute(&7, Measure { watt_hours: 300 + hour % 24 * 40 }).await?;
    }
    // They are written beside the commands, which do not wait; a program that ends does.
    meters.snapshots_written().await;
    print_snapshot(&store).await?;

    let meter = meters.load(&7).await?;
    println!(
        "version {}: {} Wh, at most {}",
        Loaded::version(&meter),
        meter.watt_hours,
        meter.highest
    );

    // Another fold passes the snapshot over, and the one it writes itself takes its place.
    let meters = Repository::<next_year::Meter>::new(store.clone()).with_snapshots(policy);
    let meter = meters.load(&7).await?;
    println!(
        "version {}: {} Wh, at most {}",
        Loaded::version(&meter),
        meter.watt_hours,
        meter.highest
    );
    meters.snapshots_written().await;
    print_snapshot(&store).await?;
    Ok(())
}
