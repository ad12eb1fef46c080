//! Every word of `#[projection(…)]`, as it should be.

use esrs::prelude::*;
use esrs::projection::ColumnType;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_transferred")]
struct MoneyTransferred {
    from: u64,
    to: u64,
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
struct AccountClosed {}

#[derive(Event, Serialize, Deserialize)]
#[event("card_sent")]
struct CardSent {
    account: u64,
}

#[derive(Aggregate, Default)]
#[aggregate(
    "bank_account",
    id = u64,
    events(ignored(AccountOpened, MoneyTransferred, AccountClosed))
)]
struct BankAccount {}

#[derive(Aggregate, Default)]
#[aggregate("card", id = String, events(ignored(CardSent)))]
struct Card {}

#[derive(Projection)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    version = 2,
    creates(AccountOpened),
    events(
        MoneyTransferred(key = [from, to], missing = skip),
        CardSent(of = Card, key = account),
    ),
    deletes(AccountClosed),
    crate = ::esrs,
)]
struct AccountSummary {
    #[projection(key)]
    account_id: u64,
    #[projection(column = "owner_name")]
    owner: String,
    #[projection(json)]
    cards: Vec<String>,
    cents: i64,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(account_id: u64, event: &Recorded<AccountOpened>) -> Self {
        Self { account_id, owner: event.owner.clone(), cards: Vec::new(), cents: 0 }
    }
}

impl Project<MoneyTransferred> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyTransferred>) {
        self.cents += if event.to == self.account_id { event.cents } else { -event.cents };
    }
}

impl Project<CardSent> for AccountSummary {
    fn project(&mut self, event: &Recorded<CardSent>) {
        self.cards.push(event.account.to_string());
    }
}

pub(crate) fn main() {
    let table = AccountSummary::TABLE;
    assert_eq!((table.name, table.version), ("account_summary", 2));
    let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    assert_eq!(columns, ["account_id", "owner_name", "cards", "cents"]);
    assert_eq!(table.columns[2].column_type, ColumnType::Jsonb);
    let sources: Vec<_> =
        AccountSummary::SOURCES.iter().map(|s| (s.category, s.event.name)).collect();
    assert!(sources.contains(&("card", "card_sent")), "{sources:?}");
    assert_eq!(sources.len(), 4);
}
