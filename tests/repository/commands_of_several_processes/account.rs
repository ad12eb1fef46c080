//! Accounts whose events say which command they came of.

use esrs::prelude::*;

/// The amount of every deposit and every withdrawal.
pub(crate) const CENTS: u64 = 100;

#[derive(Event, Serialize, Deserialize)]
#[event("deposited")]
pub(crate) struct Deposited {
    command: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("withdrawn")]
pub(crate) struct Withdrawn {
    command: u64,
}

/// The second event of a withdrawal.
#[derive(Event, Serialize, Deserialize)]
#[event("noted")]
pub(crate) struct Noted {
    command: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("closed")]
pub(crate) struct Closed {}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Deposited, Withdrawn, Closed, ignored(Noted)))]
pub(crate) struct Account {
    pub(crate) cents: u64,
    closed: bool,
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, _: Deposited) {
        self.cents += CENTS;
    }
}

impl Apply<Withdrawn> for Account {
    fn apply(&mut self, _: Withdrawn) {
        self.cents = self.cents.checked_sub(CENTS).expect("nothing is withdrawn that is not there");
    }
}

impl Apply<Closed> for Account {
    fn apply(&mut self, _: Closed) {
        self.closed = true;
    }
}

/// One deposit for two withdrawals, so that many of those find the account empty.
#[derive(Serialize)]
pub(crate) struct Move {
    pub(crate) command: u64,
    pub(crate) is_deposit: bool,
}

pub(crate) struct Close;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the account is closed")]
    Closed,
    #[error("the account is empty")]
    Empty,
}

impl Handle<Move> for Account {
    type Error = Refusal;

    fn handle(&self, asked: &Move, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        let command = asked.command;
        match asked.is_deposit {
            _ if self.closed => Err(Refusal::Closed),
            true => Ok(Deposited { command }.into()),
            false if self.cents < CENTS => Err(Refusal::Empty),
            false => Ok((Withdrawn { command }, Noted { command }).into()),
        }
    }
}

impl Handle<Close> for Account {
    type Error = Refusal;

    fn handle(&self, _: &Close, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        Ok(Closed {}.into())
    }
}
