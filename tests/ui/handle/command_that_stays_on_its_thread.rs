use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open {
    owner: std::rc::Rc<str>,
}

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        assert!(!command.owner.is_empty());
        Ok(AccountOpened {}.into())
    }
}

fn main() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let _ = accounts.execute(&18, Open { owner: "Alice".into() });
}
