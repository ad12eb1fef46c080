//! The metadata of a command, as handlers, stores and audits see it.

use std::convert::Infallible;
use std::sync::Arc;

use esrs::event::InvalidMetadata;
use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, AuditTrail, MetadataFilter, NewEvent};
use esrs::{EventStore, Metadata, MetadataKey, StreamId};
use tempfile::TempDir;
use uuid::Uuid;

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

/// Emits one event for each sum.
#[derive(Serialize)]
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
    while let Some(entry) = trail.try_next().await.unwrap() {
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
        "the metadata has a value under the key `branch` that is not a `repository::metadata::Branch`"
    );
    // The value is told on request only.
    assert!(!format!("{error:?}").contains("Brno"));
    assert_eq!((&*error.text, &*error.reason), ("Brno", "invalid digit found in string"));
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let refused = accounts.execute(&1, Deposit(vec![5])).with("branch", "Brno").await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&NotDeposited::Unclear(error)));
}

/// Of which every command says who gives it, why, and where.
#[derive(Aggregate, Default)]
#[aggregate(
    "safe",
    id = u64,
    events(ignored(Opened)),
    requires(Branch, actor, correlation),
    requires(causation, Reason)
)]
struct Safe;

#[derive(Event, Serialize, Deserialize)]
#[event("opened")]
struct Opened {}

#[derive(Serialize)]
struct Open {
    times: usize,
}

impl Handle<Open> for Safe {
    type Error = Infallible;

    fn handle(&self, command: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok((0..command.times).map(|_| Opened {}).collect::<Vec<_>>().into())
    }
}

#[derive(Id, Debug, PartialEq)]
struct Witness(String);

impl MetadataKey for Witness {
    const KEY: &str = "witness";
}

#[tokio::test]
async fn what_is_demanded_stands_beside_every_event_in_whatever_order_it_is_given() {
    let (stores, _folder) = stores().await;
    let (business, cause) = (Uuid::now_v7(), Uuid::now_v7());
    let (reason, bob) = (|| Reason("audit".to_owned()), || Witness("bob".to_owned()));
    for store in stores {
        let safes = Repository::<Safe>::new(store.clone());
        let open = || safes.execute(&1, Open { times: 2 });
        let command = open().by("alice").with_key(reason()).caused_by(cause);
        command.correlated_by(business).with_key(Branch(7)).with_key(bob()).await.unwrap();
        let command = open().with_key(Branch(7)).correlated_by(business).with("witness", "bob");
        command.caused_by(cause).with_key(reason()).by("alice").await.unwrap();
        // What replaces all that was said is no harm before what is demanded.
        let command = open().with_metadata(Metadata::new().with_key(bob())).with_key(reason());
        let command = command.with_key(Branch(8)).with_key(Branch(7)).correlated_by(business);
        command.caused_by(cause).idempotency_key("third").by("alice").await.unwrap();

        let expected = Metadata::new()
            .with_actor("alice")
            .with_causation_id(cause)
            .with_correlation_id(business)
            .with_key(Branch(7))
            .with_key(reason())
            .with_key(bob());
        assert_eq!(recorded(AuditTrail::new(store)).await, vec![expected; 6]);
    }
}

#[tokio::test]
async fn each_command_of_a_unit_gives_what_its_own_aggregate_demands() {
    let store = MemoryStore::new();
    let safes = Repository::<Safe>::new(store.clone());
    let accounts = Repository::<BankAccount>::new(store.clone());
    let open = safes.execute(&1, Open { times: 1 }).by("alice").caused_by(Uuid::now_v7());
    let open = open.correlated_by(Uuid::now_v7()).with_key(Branch(7)).with_key(Reason("x".into()));
    open.and(accounts.execute(&1, Deposit(vec![5]))).await.unwrap();
    let recorded = recorded(AuditTrail::new(store)).await;
    let actors: Vec<_> = recorded.iter().map(Metadata::actor).collect();
    assert_eq!(actors, [Some("alice"), None]);
}

#[tokio::test]
async fn a_blank_actor_is_refused_of_every_command_before_anything_is_stored() {
    let (stores, _folder) = stores().await;
    for store in stores {
        let safes = Repository::<Safe>::new(store.clone());
        let accounts = Repository::<BankAccount>::new(store.clone());
        let deposit = |id| accounts.execute(&id, Deposit(vec![5]));
        let demanded = safes.execute(&1, Open { times: 1 }).caused_by(Uuid::now_v7());
        let demanded = demanded.correlated_by(Uuid::now_v7()).with_key(Branch(7));
        let demanded = demanded.with_key(Reason("x".into())).by("");
        let errors = [
            demanded.await.unwrap_err().to_string(),
            deposit(1).by(" \t").await.unwrap_err().to_string(),
            deposit(2).with_metadata(Metadata::new().with_actor("")).await.unwrap_err().to_string(),
            deposit(3).by("").and(deposit(4)).await.unwrap_err().to_string(),
            deposit(5).by("alice").and(deposit(6).by("\u{3000}")).await.unwrap_err().to_string(),
        ];
        let what_to_write = "of the command is blank; name one, `.by(\"alice\")`, or leave \
                             `by` out where no actor is required";
        let expected = [
            r#"safe-1: the actor """#,
            r#"bank_account-1: the actor " \t""#,
            r#"bank_account-2: the actor """#,
            r#"bank_account-3: the actor """#,
            r#"bank_account-6: the actor "\u{3000}""#,
        ];
        assert_eq!(errors, expected.map(|beginning| format!("{beginning} {what_to_write}")));
        assert_eq!(recorded(AuditTrail::new(store)).await, []);
    }
}

#[tokio::test]
async fn a_blank_actor_that_is_stored_already_is_read_as_it_is() {
    let (stores, _folder) = stores().await;
    for store in stores {
        let blank = Metadata::new().with_actor("");
        let event = NewEvent::of(&MoneyDeposited { cents: 5 }, blank.clone()).unwrap();
        let stream = StreamId::new(BankAccount::NAME, 1).unwrap();
        let batch = AppendBatch::new(stream, AppendCondition::NoStream, vec![event]);
        store.append(batch).await.unwrap();
        let accounts = Repository::<BankAccount>::new(store.clone());
        accounts.execute(&1, Deposit(vec![6])).by("alice").await.unwrap();
        assert_eq!(accounts.load(&1).await.unwrap().cents, 11);
        assert_eq!(recorded(AuditTrail::new(store).by("")).await, [blank]);
    }
}
