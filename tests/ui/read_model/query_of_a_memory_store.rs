use esrs::prelude::*;

fn main() {
    let store = MemoryStore::new();
    let _ = store.query("SELECT 1", []);
}
