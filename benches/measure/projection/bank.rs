//! A bank of ten event types, and two projections of it: one listens to all of them, one to a tenth.

use std::collections::HashMap;

use esrs::Metadata;
use esrs::event::EncodeError;
use esrs::prelude::*;
use esrs::store::NewEvent;

fn credit(cents: i64) -> i64 {
    cents
}

fn debit(cents: i64) -> i64 {
    -cents
}

macro_rules! events {
    ($($event:ident $name:literal $effect:expr),* $(,)?) => {
        $(#[derive(Event, Serialize, Deserialize)]
        #[event($name)]
        pub(crate) struct $event {
            pub(crate) cents: i64,
            pub(crate) reference: String,
        }

        impl Create<$event> for Balance {
            fn create(account: u64, event: &Recorded<$event>) -> Self {
                Self { account, cents: $effect(event.cents), movements: 1 }
            }
        }

        impl Project<$event> for Balance {
            fn project(&mut self, event: &Recorded<$event>) {
                self.cents += $effect(event.cents);
                self.movements += 1;
            }
        })*

        #[derive(Aggregate, Default)]
        #[aggregate("account", id = u64, events(ignored($($event),*)))]
        pub(crate) struct Account {}

        #[derive(Projection, Debug, PartialEq)]
        #[projection(table = "balances", of = Account, creates($($event),*), events($($event),*))]
        pub(crate) struct Balance {
            #[projection(key)]
            pub(crate) account: u64,
            pub(crate) cents: i64,
            pub(crate) movements: u64,
        }

        /// The event of this number, for the types in turn.
        pub(crate) fn new_event(number: u64) -> Result<NewEvent, EncodeError> {
            let (cents, reference) = (number as i64 % 9_973 + 1, format!("R-{number:08}"));
            let makers: &[fn(i64, String) -> Result<NewEvent, EncodeError>] = &[
                $(|cents, reference| NewEvent::of(&$event { cents, reference }, Metadata::new())),*
            ];
            makers[number as usize % makers.len()](cents, reference)
        }

        /// Applies an event of this name to a balance, written by hand.
        pub(crate) fn by_hand(name: &str, payload: &str) -> Result<i64, serde_json::Error> {
            #[derive(Deserialize)]
            struct Movement {
                cents: i64,
                #[serde(rename = "reference")]
                _reference: String,
            }
            match name {
                $($name => Ok($effect(serde_json::from_str::<Movement>(payload)?.cents)),)*
                _ => Ok(0),
            }
        }
    };
}

events! {
    Deposited "deposited" credit,
    Withdrawn "withdrawn" debit,
    FeeCharged "fee_charged" debit,
    InterestPaid "interest_paid" credit,
    CardPaid "card_paid" debit,
    Refunded "refunded" credit,
    TransferredIn "transferred_in" credit,
    TransferredOut "transferred_out" debit,
    SalaryPaid "salary_paid" credit,
    TaxPaid "tax_paid" debit,
}

/// The sum of all deposits, and nothing else.
#[derive(Projection)]
#[projection(table = "deposits", of = Account, creates(Deposited), events(Deposited))]
pub(crate) struct Deposits {
    #[projection(key)]
    account: u64,
    cents: i64,
}

impl Create<Deposited> for Deposits {
    fn create(account: u64, event: &Recorded<Deposited>) -> Self {
        Self { account, cents: event.cents }
    }
}

impl Project<Deposited> for Deposits {
    fn project(&mut self, event: &Recorded<Deposited>) {
        self.cents += event.cents;
    }
}

/// Balances by account, to compare the two sides by.
pub(crate) type Balances = HashMap<i64, (i64, i64)>;
