//! What a hash of the code tells apart, and what leaves no trace in it.

use super::{code, scan};

/// The hash of what is for an aggregate `Counter` of two events in this text.
fn hash(text: &str) -> u64 {
    let events = ["Counted", "Reset"].map(str::to_owned);
    code(&scan::impls(text), "Counter", events.into())
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
    fn upcast(old: CountedV2) -> Self {
        Self { by: old.count }
    }
}";
const OLDER_UPCAST: &str = "impl TryUpcast<v1::CountedV1> for v2::CountedV2 {
    type Error = TooMany;
    fn try_upcast(old: v1::CountedV1) -> Result<Self, TooMany> {
        Ok(Self { count: old.one })
    }
}";

fn whole() -> String {
    format!("use esrs::prelude::*;\n\n{COUNTED}\n\n{RESET}\n\n{UPCAST}\n\n{OLDER_UPCAST}\n")
}

#[track_caller]
fn changed(from: &str, to: &str) -> String {
    let whole = whole();
    assert!(whole.contains(from), "there is no {from:?}");
    whole.replace(from, to)
}

#[track_caller]
fn leaves_no_trace(text: &str) {
    assert_eq!(hash(text), hash(&whole()), "{text}");
}

#[track_caller]
fn is_noticed(text: &str) {
    assert_ne!(hash(text), hash(&whole()), "{text}");
}

#[test]
fn formatting_leaves_no_trace() {
    leaves_no_trace(&changed("\n", "\n\n    "));
    leaves_no_trace(&changed("\n", "\r\n"));
    leaves_no_trace(&changed("self.sum += event.by * 2;", "self . sum+=event.by*2 ;"));
    leaves_no_trace(&format!("#!/usr/bin/env \"cargo\n{}", whole()));
}

#[test]
fn comments_and_documentation_leave_no_trace() {
    leaves_no_trace(&changed("self.sum", "/* the /* whole */ sum */ self.sum // so far\n"));
    leaves_no_trace(&changed("fn apply", "/// Says `impl Apply`.\n    fn apply"));
    leaves_no_trace(&changed("fn apply", "/** In\n two lines. */ #[doc = \"x\"] fn apply"));
    leaves_no_trace(&changed("for Counter {", "for Counter {\n//! Inside.\n#![doc(hidden)]"));
    leaves_no_trace(&changed("impl", "/// Counts.\n#[allow(deprecated)]\nimpl"));
}

#[test]
fn the_order_and_the_place_of_impls_leave_no_trace() {
    leaves_no_trace(&format!("{OLDER_UPCAST}{RESET}{UPCAST}{COUNTED}"));
    leaves_no_trace(&format!(
        "mod inside {{ {COUNTED} fn f() {{ const _: () = {{ {RESET} }}; }} }}
         make!({UPCAST} [{OLDER_UPCAST}]);"
    ));
}

#[test]
fn what_is_for_others_leaves_no_trace() {
    let others = "
        impl Apply<Counted> for Meter { fn apply(&mut self, event: Counted) {} }
        impl Apply<Counted> for Counter::Inner { fn apply(&mut self, event: Counted) {} }
        impl Handle<Count> for Counter { fn handle(&self) -> impl Fn() { || () } }
        impl Project<Counted> for Counter { fn project(&mut self) {} }
        impl Upcast<OldMeasured> for Measured { fn upcast(old: OldMeasured) -> Self { Self } }
        impl Meter { fn applied(&self, of: impl Apply<Counted>) -> impl for<'a> Fn(&'a u8) { x } }
        fn taken<T>(it: &T) where T: for<'a> Apply<&'a u8> {}";
    leaves_no_trace(&format!("{}{others}", whole()));
}

#[test]
fn an_impl_in_a_type_ends_with_the_item_that_it_stands_in() {
    let alias = "type Step = impl Fn();\n";
    leaves_no_trace(&changed("impl Apply<Reset>", &format!("{alias}impl Apply<Reset>")));
}

#[test]
fn what_is_said_in_a_string_or_a_comment_leaves_no_trace() {
    let said = format!("// impl Apply<Reset> for Counter {{}}\n/* {RESET} */\n/// {RESET:?}");
    leaves_no_trace(&format!("{}{said}\nconst SAID: &str = r#\"{RESET}\"#;", whole()));
    assert_eq!(hash(&format!("/* {RESET} */ const SAID: &str = {RESET:?};")), 0);
}

#[test]
fn another_body_is_noticed() {
    is_noticed(&changed("* 2", "* 3"));
    is_noticed(&changed("+=", "-="));
    is_noticed(&changed("by * 2", "by"));
    is_noticed(&changed("event.by * 2", "(event.by * 2)"));
    is_noticed(&changed("event.by * 2", "event.\"by\" * 2"));
    is_noticed(&changed("self.sum = 0;", "{}"));
    is_noticed(&changed("fn apply", "#[cfg(feature = \"doc\")] fn apply"));
}

#[test]
fn tokens_that_are_cut_elsewhere_are_noticed() {
    is_noticed(&changed("event.by", "eve nt.by"));
    assert_ne!(
        hash("impl Apply<Reset> for Counter { a(b) }"),
        hash("impl Apply<Reset> for Counter { a() b }")
    );
}

#[test]
fn an_impl_more_or_less_is_noticed() {
    is_noticed(&changed(RESET, ""));
    is_noticed(&changed(UPCAST, ""));
    is_noticed(&format!("{}impl Apply<Set> for Counter {{}}", whole()));
    is_noticed(&changed(RESET, COUNTED));
}

#[test]
fn another_step_of_an_upcaster_is_noticed_also_of_one_before_the_last() {
    is_noticed(&changed("old.count", "old.count + 1"));
    is_noticed(&changed("old.one", "old.one + 1"));
}

#[test]
fn another_function_of_the_aggregate_or_of_an_event_is_noticed() {
    for head in ["impl Counter", "impl<'a> crate::r#Counter where u8: Copy", "impl v2::CountedV2"] {
        let with = |body| format!("{}{head} {{ fn add(&mut self) {{ {body} }} }}", whole());
        is_noticed(&with("1"));
        assert_ne!(hash(&with("1")), hash(&with("2")), "{head}");
    }
}

#[test]
fn an_impl_is_found_however_its_head_is_written() {
    let heads = [
        "impl esrs::Apply<shared::Counted> for crate::Counter",
        "impl ::esrs::Apply<Counted> for super::r#Counter",
        "impl<'a> Apply<Dated<'a, { 1 }>> for Counter where Counter: for<'b> Fn(&'b u8)",
        "impl<F: Fn() -> u8> Apply<Vec<Vec<F>>> for Counter",
        "impl Apply<fn() -> u8> for Counter<u8>",
        "unsafe impl const Apply<Counted> for Counter",
        "type Other = impl Fn(); impl Apply<Counted> for Counter",
        "impl $crate::Apply<Counted> for $crate::Counter",
        "impl Upcast<Old> for shared::Counted",
        "impl esrs::TryUpcast<Old> for Reset",
    ];
    for head in heads {
        let (one, other) = (format!("{head} {{ 1 }}"), format!("{head} {{ 2 }}"));
        assert_ne!(hash(&one), 0, "{head}");
        assert_ne!(hash(&one), hash(&other), "{head}");
    }
}

#[test]
fn what_a_macro_writes_for_a_name_that_it_is_given_counts_for_each_aggregate() {
    let by = |number| {
        format!(
            "macro_rules! counts {{ ($it:ty) => {{ impl Apply<Reset> for $it {{ {number} }} }} }}"
        )
    };
    assert_ne!(hash(&by(1)), 0);
    assert_ne!(hash(&by(1)), hash(&by(2)));
}

#[test]
fn a_text_that_is_no_rust_has_no_impls() {
    assert_eq!(hash(&format!("{COUNTED} }}")), 0);
    assert_eq!(hash(&format!("{COUNTED} \"")), 0);
    assert_eq!(hash("impl Apply<Counted> for"), 0);
    assert_eq!(hash("impl Apply> for Counter {}"), 0);
}

#[test]
fn the_hash_is_the_same_in_every_release() {
    assert_eq!(hash(&whole()), 3_008_457_226_858_974_911);
}
