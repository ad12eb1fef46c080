use std::collections::BTreeMap;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Serialize, Deserialize, Schema, Default)]
struct Settings {
    color: Option<Option<String>>,
}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened))]
struct Account {
    #[projection(key)]
    id: u64,
    #[projection(json)]
    limit: Option<Option<u8>>,
    #[projection(json)]
    settings: Settings,
    #[projection(json)]
    limits: BTreeMap<(u8, u8), u64>,
    #[projection(json)]
    tags: Option<Vec<String>>,
}

impl Create<AccountOpened> for Account {
    fn create(id: u64, _: &Recorded<AccountOpened>) -> Self {
        let (settings, limits) = (Settings::default(), BTreeMap::new());
        Self { id, limit: None, settings, limits, tags: None }
    }
}

fn main() {}
