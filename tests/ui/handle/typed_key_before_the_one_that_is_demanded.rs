use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Id)]
struct Branch(u32);

impl esrs::MetadataKey for Branch {
    const KEY: &str = "branch";
}

#[derive(Id)]
struct Reason(String);

impl esrs::MetadataKey for Reason {
    const KEY: &str = "reason";
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)), requires(Branch))]
struct BankAccount {}

struct Open;

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(AccountOpened {}.into())
    }
}

async fn open(accounts: Repository<BankAccount>) {
    let reason = Reason("the first account".to_owned());
    let _ = accounts.execute(&18, Open).with_key(reason).with_key(Branch(7)).await;
}

fn main() {}
