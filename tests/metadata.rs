//! Who, why and through what: what a command says of itself, as handlers, stores and audits see it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use esrs::prelude::*;
use esrs::{AuditTrail, EventStore, InvalidMetadata, Metadata, MetadataFilter, MetadataKey};
use tempfile::TempDir;

#[derive(Id, Debug, PartialEq)]
struct Branch(u32);

impl MetadataKey for Branch {
    const KEY: &str = "branch";
}

#[derive(Id, Debug, PartialEq)]
struct Reason(String);

impl MetadataKey for Reason {
    const KEY: &str = "reason";
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(MoneyDeposited))]
struct BankAccount {
    cents: i64,
}

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        self.cents += event.cents;
    }
}

/// Comes to one event for each sum.
struct Deposit(Vec<i64>);

#[derive(Debug, PartialEq, thiserror::Error)]
enum NotDeposited {
    #[error("branch {0} takes no cash")]
    NoCash(u32),
    #[error(transparent)]
    Unclear(#[from] InvalidMetadata),
}

impl Handle<Deposit> for BankAccount {
    type Error = NotDeposited;

    fn handle(&self, command: &Deposit, ctx: &Context<Self>) -> Result<Events<Self>, NotDeposited> {
        if let Some(Branch(number @ 100..)) = ctx.metadata().key()? {
            return Err(NotDeposited::NoCash(number));
        }
        Ok(command.0.iter().map(|&cents| MoneyDeposited { cents }).collect::<Vec<_>>().into())
    }
}

/// Both stores, each empty; the folder is SQLite's.
async fn stores() -> ([Arc<dyn EventStore>; 2], TempDir) {
    let folder = TempDir::new().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
    ([Arc::new(MemoryStore::new()), Arc::new(sqlite)], folder)
}

async fn recorded(mut trail: AuditTrail) -> Vec<Metadata> {
    let mut recorded = Vec::new();
    while let Some(entry) = trail.next().await.unwrap() {
        recorded.push(entry.envelope.metadata);
    }
    recorded
}

#[tokio::test]
async fn a_typed_key_comes_back_as_what_it_was_from_each_store() {
    let (stores, _folder) = stores().await;
    for store in stores {
        let accounts = Repository::<BankAccount>::new(store.clone());
        let why = || Reason("\"found\", in größter Eile\n".to_owned());
        accounts
            .execute(&1, Deposit(vec![5, 6]))
            .with_key(Branch(7))
            .with_key(why())
            .await
            .unwrap();
        accounts.execute(&1, Deposit(vec![7])).await.unwrap();
        let recorded = recorded(AuditTrail::new(store)).await;
        let branches: Vec<_> = recorded.iter().map(|metadata| metadata.key().unwrap()).collect();
        assert_eq!(branches, [Some(Branch(7)), Some(Branch(7)), None]);
        assert_eq!(recorded[1].key(), Ok(Some(why())));
    }
}

#[tokio::test]
async fn what_has_a_typed_key_is_found_by_it_in_each_store() {
    let (stores, _folder) = stores().await;
    for store in stores {
        let accounts = Repository::<BankAccount>::new(store.clone());
        for branch in [7, 8, 77] {
            accounts.execute(&1, Deposit(vec![5])).with_key(Branch(branch)).await.unwrap();
        }
        let found = recorded(AuditTrail::new(store).with_key(&Branch(7))).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key(), Ok(Some(Branch(7))));
    }
    let filter = MetadataFilter::default().with_key(&Branch(7));
    assert_eq!(filter, MetadataFilter::default().with("branch", "7"));
}

#[tokio::test]
async fn a_handler_reads_a_typed_key() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let refused = accounts.execute(&1, Deposit(vec![5])).with_key(Branch(100)).await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&NotDeposited::NoCash(100)));
}

#[tokio::test]
async fn a_text_that_is_no_value_of_a_typed_key_is_an_error_that_says_which() {
    let metadata = Metadata::new().with("branch", "Brno");
    let error = metadata.key::<Branch>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the metadata has \"Brno\" under the key `branch`, which is no `metadata::Branch`: invalid \
         digit found in string"
    );
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let refused = accounts.execute(&1, Deposit(vec![5])).with("branch", "Brno").await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&NotDeposited::Unclear(error)));
}
