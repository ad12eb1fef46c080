use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Id)]
struct Branch(u32);

impl esrs::MetadataKey for Branch {
    const KEY: &str = "branch";
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)), requires(actor, Branch))]
struct BankAccount {}

struct Open;

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(AccountOpened {}.into())
    }
}

async fn open(accounts: Repository<BankAccount>) {
    let opened = accounts.execute(&18, Open).by("alice").await;
    assert!(opened.is_ok_and(|opened| opened.version() == 1));
}

fn main() {}
