use esrs::prelude::*;

mod account {
    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("account_opened")]
    pub struct Opened {}
}

mod card {
    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("card_opened")]
    pub struct Opened {}
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(account::Opened, card::Opened))]
struct BankAccount {}

impl Apply<account::Opened> for BankAccount {
    fn apply(&mut self, _: account::Opened) {}
}

impl Apply<card::Opened> for BankAccount {
    fn apply(&mut self, _: card::Opened) {}
}

fn main() {}
