use esrs::prelude::*;

fn print_totals(_: &impl SqlReadModels) {}

fn main() {
    print_totals(&MemoryStore::new());
}
