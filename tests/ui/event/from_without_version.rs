use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpenedV1 {}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", from = AccountOpenedV1)]
struct AccountOpened {
    owner: String,
}

impl Upcast<AccountOpenedV1> for AccountOpened {
    fn upcast(_: AccountOpenedV1) -> Self {
        Self { owner: String::new() }
    }
}

fn main() {}
