use esrs::prelude::*;

#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
#[schema(version = 2)]
struct Amount {
    cents: i64,
    #[schema(added(in = 2, default = Currency::Eur))]
    currency: Currency,
}

#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_deposited", version = 3, removed(name = "note", ty = String, in = 3))]
struct MoneyDeposited {
    #[event(renamed(from = "sum", in = 2), updated(in = 3, from = 1))]
    amount: Amount,
}

pub(crate) fn main() {
    let event = MoneyDeposited::decode(1, r#"{"sum": {"cents": 5}, "note": "a gift"}"#).unwrap();
    assert_eq!(event, MoneyDeposited { amount: Amount { cents: 5, currency: Currency::Eur } });
}
