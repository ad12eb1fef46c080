//! What a hash of the code tells apart, and what it does not.

use super::{code, scan};

const EVENTS: [&str; 2] = ["Counted", "Reset"];

/// The hash of what is for the aggregate `Counter` in this text.
fn hash(text: &str) -> u64 {
    code(&scan::impls(text), "Counter", EVENTS.map(str::to_owned).into())
}

const COUNTED: &str = "impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += event.by * 2;
    }
}";
const RESET: &str = "impl Apply<Reset> for Counter {
    fn apply(&mut self, _: Reset) {
        self.sum = 0;
    }
}";
const UPCAST: &str = "impl Upcast<CountedV2> for Counted {
    fn upcast(old: CountedV2) -> Self { Self { by: old.count } }
}";
const TRY_UPCAST: &str = "impl TryUpcast<v1::CountedV1> for v2::CountedV2 {
    type Error = TooMany;
    fn try_upcast(old: v1::CountedV1) -> Result<Self, TooMany> { Ok(Self { count: 1 }) }
}";

fn file(items: &[&str]) -> String {
    format!("use esrs::prelude::*;\n\nstruct Counter {{ sum: i64 }}\n\n{}", items.join("\n\n"))
}

/// With this instead of that, in a file that has all of them.
fn with(that: &str, this: &str) -> u64 {
    let text = file(&[COUNTED, RESET, UPCAST, TRY_UPCAST]);
    assert!(text.contains(that), "{that}");
    hash(&text.replace(that, this))
}

fn whole() -> u64 {
    with(COUNTED, COUNTED)
}

#[test]
fn formatting_and_comments_leave_no_trace() {
    assert_eq!(with("\n", "\n\n   "), whole());
    assert_eq!(with("self.sum += event.by * 2;", "self.sum+=event.by*2 ;"), whole());
    assert_eq!(with("self.sum", "/* the /* whole */ sum */ self.sum // so far\n"), whole());
    assert_eq!(
        with("fn apply", "/// Counts.\n/** In\ntwo lines. */\n#[doc = \"x\"]\nfn apply"),
        whole()
    );
    assert_eq!(
        with("(&mut self, event: Counted) {", "(&mut self, event: Counted) { //! Counts.\n"),
        whole()
    );
}
