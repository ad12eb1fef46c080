use esrs::prelude::*;

struct BankAccount;

fn main() {
    // The second error is rustc's own: it cannot look for `new` where a bound does not hold.
    let _ = Repository::<BankAccount>::new(MemoryStore::new());
}
