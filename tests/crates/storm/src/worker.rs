//! The work of the processes that a storm starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::repository::{SnapshotPolicy, WarmStates};
use esrs::runner::Runner;
use esrs::subscription::SubscriptionStore;
use proptest::prelude::RngExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::child::{role, say};
use crate::domain::{
    ACCOUNTS, Account, Balance, Deposit, InlineBalance, Insufficient, Seen, Withdraw,
};
use crate::round::dice_of;

/// The time that a store waits for a busy database.
pub const BUSY: Duration = Duration::from_secs(1);
/// The time that one call of a store has once it is sent.
pub const TIMEOUT: Duration = Duration::from_secs(2);
/// The time that a load, an append or a wait has in all, late on a machine with other work.
const BOUND: Duration = Duration::from_secs(8);
/// The time that a command has: it loads, is handled, appends, and does so again after a conflict.
const COMMAND_BOUND: Duration = Duration::from_secs(25);
/// The number of repetitions, under its key, of a command whose answer is not known.
const REPETITIONS: usize = 6;

/// A store, and how a process uses it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Its part.
    pub part: Part,
    /// Its dice.
    pub seed: u64,
    /// The number of connections or threads of the store that read.
    pub readers: usize,
}

/// The part of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// It executes commands.
    Writer {
        /// True if the process writes [`InlineBalance`] inline.
        inline: bool,
        /// True if the process caches states, and stores snapshots.
        caches: bool,
    },
    /// It runs [`Balance`] and [`Seen`].
    Runner {
        /// True if the handler loads from the store.
        loads: bool,
    },
}

/// Does what this process was started for, until it is killed; nothing in the test run itself.
pub async fn work() {
    let Some((task, place)) = role() else { return };
    let task: Task = serde_json::from_str(&task).unwrap();
    loop {
        let done = match place.strip_prefix("sqlite:") {
            Some(path) => over_sqlite(&task, path).await,
            None => over_postgres(&task, &place).await,
        };
        // It cannot be opened for the time being.
        if let Err(error) = done {
            say("closed", error);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn over_sqlite(task: &Task, path: &str) -> Result<(), StoreError> {
    let mut builder = SqliteStore::builder(path).busy_timeout(BUSY).readers(task.readers);
    if task.part == (Part::Writer { inline: true, caches: true }) || is_inline(task) {
        builder = builder.inline::<InlineBalance>();
    }
    over(task, builder.open().await?, false).await;
    Ok(())
}

async fn over_postgres(task: &Task, url: &str) -> Result<(), StoreError> {
    let mut builder = PostgresStore::builder(url).busy_timeout(BUSY).readers(task.readers);
    if is_inline(task) {
        builder = builder.inline::<InlineBalance>();
    }
    over(task, builder.open().await?, true).await;
    Ok(())
}

fn is_inline(task: &Task) -> bool {
    matches!(task.part, Part::Writer { inline: true, .. })
}

async fn over(task: &Task, store: impl SubscriptionStore + Clone, may_load: bool) {
    let accounts = Repository::<Account>::new(store.clone());
    match task.part {
        Part::Runner { loads } => {
            let accounts = (loads && may_load).then_some(accounts);
            let _running = Runner::new(store)
                .lease(Duration::from_millis(700))
                .batch(50)
                .project::<Balance>()
                .handle(Seen { accounts })
                .start();
            std::future::pending().await
        }
        Part::Writer { caches, .. } => {
            let accounts = match caches {
                true => accounts.with_snapshots(SnapshotPolicy::every(20)),
                false => accounts.with_warm_states(WarmStates::none()),
            };
            let awake = Awake::watch();
            let tasks = (0..6).map(|number| {
                let writer = Writer { accounts: accounts.clone(), awake: awake.clone() };
                tokio::spawn(writer.run(task.seed + number))
            });
            for task in tasks.collect::<Vec<_>>() {
                // It goes on until the process is killed.
                if let Err(error) = task.await {
                    say("wrong", format!("a writer panicked: {error}"));
                }
            }
        }
    }
}

/// True if this process was stopped for a while, which says nothing about how long a call took.
#[derive(Clone)]
struct Awake(Arc<AtomicU64>);

impl Awake {
    fn watch() -> Self {
        let stops = Arc::new(AtomicU64::new(0));
        let counted = stops.clone();
        std::thread::spawn(move || {
            let mut last = Instant::now();
            loop {
                std::thread::sleep(Duration::from_millis(20));
                if last.elapsed() > Duration::from_millis(150) {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                last = Instant::now();
            }
        });
        Self(stops)
    }

    fn stops(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Writer {
    accounts: Repository<Account>,
    awake: Awake,
}

impl Writer {
    async fn run(self, seed: u64) {
        let mut dice = dice_of(seed);
        loop {
            let operation = Uuid::now_v7().to_string();
            let (id, cents) = (dice.random_range(0..ACCOUNTS), dice.random_range(1..1_000));
            match dice.random_range(0..100_u32) {
                0..60 => {
                    self.command(&id, operation, |operation| Deposit { cents, operation }).await
                }
                60..72 => {
                    self.command(&id, operation, |operation| Withdraw { cents, operation }).await;
                }
                72..80 => {
                    let other = (id + 1 + dice.random_range(0..ACCOUNTS - 1)) % ACCOUNTS;
                    self.two(&id, &other, operation, cents).await;
                }
                80..88 => {
                    let given_up = Duration::from_micros(dice.random_range(0..8_000));
                    say("maybe", &operation);
                    let deposit = Deposit { cents, operation: operation.clone() };
                    let executing = async { self.accounts.execute(&id, deposit).await };
                    if tokio::time::timeout(given_up, executing).await.is_ok_and(|it| it.is_ok()) {
                        say("did", &operation);
                    }
                }
                88..96 => self.load(&id).await,
                _ => self.see(&id, operation, cents).await,
            }
        }
    }

    /// Waits for a call, which has to end in time.
    async fn timed<T>(&self, what: &str, bound: Duration, call: impl Future<Output = T>) -> T {
        let (begun, stops) = (Instant::now(), self.awake.stops());
        let done = call.await;
        let took = begun.elapsed();
        if took > bound && self.awake.stops() == stops {
            say("wrong", format!("{what} took {took:?}, and may take {bound:?}"));
        }
        done
    }

    /// Executes a command until its answer is known, or it was tried often enough.
    async fn command<C>(&self, id: &u32, operation: String, make: impl Fn(String) -> C)
    where
        Account: Handle<C, Error = Insufficient>,
        C: Serialize + Send + Sync,
    {
        let mut is_known = true;
        for _ in 0..REPETITIONS {
            let command = make(operation.clone());
            let executing = self.accounts.execute(id, command).idempotency_key(operation.as_str());
            let executed = self.timed("a command", COMMAND_BOUND, async { executing.await }).await;
            match executed {
                Ok(_) => return say("did", &operation),
                Err(ExecuteError::Rejected(Insufficient)) if is_known => {
                    return say("did_not", &operation);
                }
                Err(ExecuteError::Store(StoreError::Unknown { .. })) => is_known = false,
                Err(error) => say("failed", error),
            }
        }
        say(if is_known { "did_not" } else { "maybe" }, &operation);
    }

    async fn two(&self, one: &u32, other: &u32, operation: String, cents: i64) {
        let (first, second) = (format!("{operation} 1"), format!("{operation} 2"));
        let deposit = |operation: &String| Deposit { cents, operation: operation.clone() };
        let unit = self
            .accounts
            .execute(one, deposit(&first))
            .and(self.accounts.execute(other, deposit(&second)));
        match self.timed("a unit", COMMAND_BOUND, async { unit.await }).await {
            Ok(_) => say("did_both", &operation),
            Err(ExecuteError::Store(StoreError::Unknown { .. })) => say("maybe_both", &operation),
            Err(error) => {
                say("did_not_both", &operation);
                say("failed", error);
            }
        }
    }

    async fn load(&self, id: &u32) {
        match self.timed("a load", BOUND, self.accounts.load(id)).await {
            Ok(account) => {
                if let Some(wrong) = &account.wrong {
                    say("wrong", format!("account {id} was loaded: {wrong}"));
                }
                if account.events != Loaded::version(&account)
                    || account.account.is_some_and(|of| of != *id)
                {
                    say("wrong", format!("account {id} was loaded as {account:?}"));
                }
            }
            Err(LoadError::Store(error)) => say("failed", error),
            Err(error) => say("wrong", format!("account {id} cannot be loaded: {error}")),
        }
    }

    /// Executes a command and waits until its row is there.
    async fn see(&self, id: &u32, operation: String, cents: i64) {
        let deposit = Deposit { cents, operation: operation.clone() };
        let patience = Duration::from_millis(500);
        let waiting = self.accounts.execute(id, deposit).wait_for::<Balance>(patience);
        match self.timed("a command that waits", COMMAND_BOUND, async { waiting.await }).await {
            Ok(_) | Err(ExecuteError::NotSeen { .. }) => say("did", &operation),
            Err(ExecuteError::Store(StoreError::Unknown { .. })) => say("maybe", &operation),
            Err(error) => {
                say("did_not", &operation);
                say("failed", error);
            }
        }
    }
}
