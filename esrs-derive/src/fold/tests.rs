//! Differences that a hash of the code shows, and those that it does not.

use super::{Root, is_type, scan};

/// The hash of what is for an aggregate `Counter` of two events in this text.
fn hash(text: &str) -> u64 {
    let events = ["Counted", "Reset"].map(str::to_owned);
    let items = scan::items(text, false);
    let own_type = items.iter().position(|item| is_type(item, "Counter"));
    Root::of_aggregate("Counter", events.into()).code(&items, own_type)
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

/// A state with parts of other types, and what they call.
const NESTED: &str = "
    #[derive(Aggregate, Default)]
    #[aggregate(\"counter\", id = u64, events(Counted, ignored(Reset)))]
    struct Counter { meter: Option<Meter>, sum: i64 }
    #[derive(Default)]
    struct Meter { by: Unit }
    impl Meter { fn add(&mut self, by: i64) { self.by.total += by * FACTOR; } }
    impl Default for Unit { fn default() -> Self { Self { total: 1 } } }
    struct Unit { total: i64 }
    const FACTOR: i64 = 3;
    fn twice(by: i64) -> i64 { doubled!(by) }
    macro_rules! doubled { ($it:ident) => { $it * 2 } }
    impl Default for Counter { fn default() -> Self { Self { meter: None, sum: 0 } } }
    impl Apply<Counted> for Counter {
        fn apply(&mut self, event: Counted) { self.meter.add(twice(event.by)); }
    }
    impl Handle<Count> for Counter { fn handle(&self) { check(); } }
    fn check() { 1 }
    struct Other { a: u8 }
    impl Other { fn add(&mut self) { 1 } }
    #[cfg(test)]
    mod tests { fn twice() { 1 } impl Meter { fn tested() { 1 } } }";

#[track_caller]
fn nested_with(from: &str, to: &str) -> u64 {
    assert!(NESTED.contains(from), "there is no {from:?}");
    hash(&NESTED.replace(from, to))
}

#[test]
fn code_that_an_apply_names_is_noticed_however_deep() {
    for (from, to) in [
        ("+= by * FACTOR", "-= by * FACTOR"),
        ("i64 = 3", "i64 = 4"),
        ("total: 1", "total: 2"),
        ("struct Unit { total: i64 }", "struct Unit { total: i64, spare: u8 }"),
        ("{ doubled!(by) }", "{ by }"),
        ("$it * 2", "$it * 3"),
        ("sum: 0", "sum: 1"),
    ] {
        assert_ne!(nested_with(from, to), hash(NESTED), "{from}");
    }
}

#[test]
fn code_that_no_apply_names_leaves_no_trace() {
    for (from, to) in [
        ("fn check() { 1 }", "fn check() { 2 }"),
        ("check(); }", "check(); check(); }"),
        ("struct Other { a: u8 }", "struct Other { b: u8 }"),
        ("fn add(&mut self) { 1 }", "fn add(&mut self) { 2 }"),
        ("fn twice() { 1 }", "fn twice() { 2 }"),
        ("fn tested() { 1 }", "fn tested() { 2 }"),
        ("#[derive(Default)]", "/// A meter.\n #[derive(Debug, Default)] #[allow(dead_code)]"),
        ("sum: i64 }", "/** In cents. */ sum: i64, }"),
        ("fn check", "\n// Checks.\nfn check"),
    ] {
        assert_eq!(nested_with(from, to), hash(NESTED), "{from}");
    }
}

/// The hash of what is for a projection `Row` of an event in this text.
fn hash_of_row(text: &str) -> u64 {
    let items = scan::items(text, false);
    let own_type = items.iter().position(|item| is_type(item, "Row"));
    Root::of_projection("Row", ["Counted".to_owned()].into()).code(&items, own_type)
}

#[test]
fn the_code_of_a_row_is_that_of_its_create_and_its_project() {
    let text = "
        #[projection(table = \"rows\", of = Counter, creates(Counted), events(Counted))]
        struct Row { id: u64, tier: Tier }
        enum Tier { Low }
        impl fmt::Display for Tier { fn fmt(&self) { \"low\" } }
        impl Create<Counted> for Row { fn create(id: u64) -> Self { Self { id } } }
        impl Project<Counted> for Row { fn project(&mut self) { self.id += one(); } }
        fn one() -> u64 { 1 }
        impl Row { fn shown(&self) { 7 } }
        impl Apply<Counted> for Counter { fn apply(&mut self) { 1 } }
        impl Counter { fn spare(&self) { 1 } }
        impl Create<Counted> for Another { fn create(id: u64) -> Self { Self } }";
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "there is no {from:?}");
        hash_of_row(&text.replace(from, to))
    };
    for (from, to) in [
        ("Self { id }", "Self { id: id + 1 }"),
        ("self.id += one()", "self.id -= one()"),
        ("fn one() -> u64 { 1 }", "fn one() -> u64 { 2 }"),
        ("\"low\"", "\"lowest\""),
        ("{ 7 }", "{ 8 }"),
    ] {
        assert_ne!(changed(from, to), hash_of_row(text), "{from}");
    }
    for (from, to) in [
        ("fn apply(&mut self) { 1 }", "fn apply(&mut self) { 2 }"),
        ("fn spare(&self) { 1 }", "fn spare(&self) { 2 }"),
        ("-> Self { Self }", "-> Self { Self {} }"),
        ("creates(Counted)", "creates(Counted(key = id))"),
        ("impl Row", "// Shows.\n impl Row"),
    ] {
        assert_eq!(changed(from, to), hash_of_row(text), "{from}");
    }
}

#[test]
fn types_of_one_name_in_two_modules_are_told_apart() {
    let text = "
        mod one {
            struct Row { part: Part }
            struct Part;
            impl Part { fn get() { 1 } }
            impl Create<Counted> for Row { fn create() { 1 } }
        }
        mod other {
            pub struct Row { part: Part }
            struct Part;
            impl Part { fn get() { 2 } }
            impl Create<Counted> for Row { fn create() { 2 } }
        }";
    let code = |text: &str, line| {
        let items = scan::items(text, false);
        let types: Vec<_> =
            (0..items.len()).filter(|place| is_type(&items[*place], "Row")).collect();
        let own_type = types[scan::place_of_type(text, "Row", line)];
        Root::of_projection("Row", ["Counted".to_owned()].into()).code(&items, Some(own_type))
    };
    let (one, other) = (code(text, 3), code(text, 9));
    assert_ne!(one, other);
    for changed in
        [text.replace("get() { 2 }", "get() { 3 }"), text.replace("create() { 2 }", "{}")]
    {
        assert_eq!(code(&changed, 3), one);
        assert_ne!(code(&changed, 9), other);
    }
}

#[test]
fn code_in_a_call_of_the_macro_that_writes_a_row_is_noticed() {
    let text = "
        macro_rules! row {
            ($module:ident, $by:expr) => {
                mod $module {
                    struct Row { id: u64 }
                    impl Create<Counted> for Row { fn create() { 1 } }
                    impl Project<Counted> for Row { fn project(&mut self) { self.id += $by; } }
                }
            };
        }
        row!(one, |event| event.by * 2);
        other!(one, 2);";
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "there is no {from:?}");
        hash_of_row(&text.replace(from, to))
    };
    assert_ne!(changed("by * 2", "by * 3"), hash_of_row(text));
    assert_ne!(changed("+= $by", "-= $by"), hash_of_row(text));
    assert_eq!(changed("other!(one, 2)", "other!(one, 3)"), hash_of_row(text));
}
