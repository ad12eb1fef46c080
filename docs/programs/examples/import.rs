//! A CSV file of another system, imported twice and changed once.

mod bank;

use std::error::Error;

use bank::{AccountOpened, AccountSummary, BankAccount, MoneyDeposited, MoneyWithdrawn};
use esrs::prelude::*;
use esrs::store::{ImportSource, NewEvent, import};
use esrs::{Metadata, OccurredAt, StreamId};

// ANCHOR: rows
const BOOK: &str = "\
number,account,kind,amount,time
1,2378,open,Ada,1993-01-01T09:00:00+01:00[Europe/Prague]
2,2378,in,700.00,1993-01-01T09:05:00+01:00[Europe/Prague]
3,2378,out,50.00,1993-02-10T14:30:00+01:00[Europe/Prague]
4,576,open,Bob,1993-02-11T10:00:00+01:00[Europe/Prague]
";

#[derive(Deserialize)]
struct Row {
    number: u64,
    account: String,
    kind: String,
    amount: String,
    time: String,
}
// ANCHOR_END: rows

// ANCHOR: convert
fn events(book: &str) -> Result<Vec<(StreamId, NewEvent)>, Box<dyn Error>> {
    let source = ImportSource::new("ledger of the old bank");
    let mut events = Vec::new();
    for row in csv::Reader::from_reader(book.as_bytes()).deserialize() {
        let row: Row = row?;
        let key = row.number;
        let time: OccurredAt = row.time.parse()?;
        let metadata = Metadata::new().with_actor("import");
        let event = match row.kind.as_str() {
            "open" => source.event(key, &AccountOpened { owner: row.amount }, time, metadata)?,
            "in" => {
                let cents = cents(&row.amount)?;
                source.event(key, &MoneyDeposited { cents }, time, metadata)?
            }
            "out" => {
                let cents = cents(&row.amount)?;
                source.event(key, &MoneyWithdrawn { cents }, time, metadata)?
            }
            other => return Err(format!("row {key}: unknown kind {other:?}").into()),
        };
        events.push((StreamId::new(BankAccount::NAME, row.account)?, event));
    }
    Ok(events)
}

/// Reads `700.00` as 70,000 cents, without a float.
fn cents(amount: &str) -> Result<i64, Box<dyn Error>> {
    let (whole, part) = amount.split_once('.').ok_or("an amount has no point")?;
    match part.len() {
        2 => Ok(format!("{whole}{part}").parse()?),
        _ => Err(format!("expected two decimals, found {amount:?}").into()),
    }
}
// ANCHOR_END: convert

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open("bank.db").await?;

    for _ in 0..2 {
        let imported = import(&store, events(BOOK)?).await?;
        println!("{} stored, {} known", imported.stored, imported.known);
    }

    // The other system changed an entry that is stored already.
    let changed = BOOK.replace("700.00", "800.00");
    if let Err(StoreError::EventDiffers { .. }) = import(&store, events(&changed)?).await {
        println!("refused: the source has changed an entry");
    }

    // Each imported instance can be loaded, and read models are computed as usual.
    let accounts = Repository::<BankAccount>::new(store.clone());
    let mut history = accounts.history(&"2378".to_owned())?;
    while let Some(moment) = history.try_next().await? {
        if let Some(time) = moment.envelope.metadata.occurred_at() {
            println!("{time} {}", moment.kind.name);
        }
    }
    store.catch_up::<AccountSummary>().await?;
    for row in store.find::<AccountSummary>("cents >= $1 ORDER BY account_id", [0.into()]).await? {
        println!("{row:?}");
    }
    Ok(())
}
// ANCHOR_END: main
