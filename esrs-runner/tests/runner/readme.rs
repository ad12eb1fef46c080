//! The code about the runner in the README compiles.

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = String, events(ignored(MoneyDeposited)))]
struct BankAccount {}

struct Deposit {
    cents: i64,
}

impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

#[derive(Projection, Debug)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(MoneyDeposited),
    events(MoneyDeposited)
)]
struct AccountSummary {
    #[projection(key)]
    account: String,
    cents: i64,
}

impl Create<MoneyDeposited> for AccountSummary {
    fn create(account: String, event: &Recorded<MoneyDeposited>) -> Self {
        Self { account, cents: event.cents }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.cents += event.cents;
    }
}

#[rustfmt::skip]
mod program {
    use super::*;

    include!("readme/program.rs");

    #[tokio::test]
    #[ignore = "needs PostgreSQL: cargo xtask test"]
    async fn the_program_in_the_readme_runs() {
        let database = postgres_server::database().unwrap();
        let store = PostgresStore::open(database.url()).await.unwrap();
        // It waits for the row that it asks for.
        serve(store.clone(), std::future::ready(())).await.unwrap();
        let rows = store.find::<AccountSummary>("", []).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [500]);
    }
}

#[test]
fn the_program_in_the_readme_is_the_one_that_is_compiled() {
    let readme = include_str!("../../../README.md");
    let shown = readme.split("```rust runner\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(include_str!("readme/program.rs"), shown);
}
