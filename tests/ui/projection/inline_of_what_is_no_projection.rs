use esrs::prelude::*;

struct Account {}

fn main() {
    let _ = SqliteStore::builder("bank.db").inline::<Account>();
}
