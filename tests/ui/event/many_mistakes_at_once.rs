use esrs::prelude::*;

// Seven mistakes, and all of them are told.
#[derive(Event, Serialize, Deserialize)]
#[event("account opened", versoin = 1, aliases("opened", "opened"), topic = "a", crate = esrs)]
struct AccountOpened {
    #[event(key)]
    owner: String,
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, String>,
}

fn main() {}
