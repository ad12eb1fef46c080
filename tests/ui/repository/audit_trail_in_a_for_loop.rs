use esrs::store::AuditTrail;
use esrs::prelude::*;

#[tokio::main]
async fn main() {
    for entry in AuditTrail::new(MemoryStore::new()) {
        drop(entry);
    }
}
