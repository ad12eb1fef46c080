//! Every change of a locked history that breaks stored payloads fails `cargo check`, in words that are
//! reviewed one by one in `tests/ui/lock/`; one that does not break them is told apart, and what the wire
//! does not show passes.

use crate::support::{Package, compare, text, workspace};

const LIB: &str = "src/lib.rs";
const MONEY: &str = "money/src/lib.rs";

/// One change of a file.
struct Mutation {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn change(
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
) -> Mutation {
    Mutation { name, file, from, to }
}

/// Stored payloads cannot be read any more, or say something else.
const BREAKING: &[Mutation] = &[
    change("field_type", LIB, "tags: Vec<String>", "tags: Vec<u32>"),
    change("field_renamed", LIB, "pub fee: Cents", "pub charge: Cents"),
    change("field_removed", LIB, "    pub fee: Cents,\n", ""),
    change("field_added", LIB, "pub fee: Cents", "pub tax: Cents,\n    pub fee: Cents"),
    change("field_skipped", LIB, "    pub fee: Cents", "    #[serde(skip)]\n    pub fee: Cents"),
    change("list_became_one", LIB, "tags: Vec<String>", "tags: String"),
    change("tuple_reordered", LIB, "(u8, i32)", "(i32, u8)"),
    change("tuple_longer", LIB, "(u8, i32)", "(u8, i32, bool)"),
    change("tuple_longer_by_an_option", LIB, "(u8, i32)", "(u8, i32, Option<bool>)"),
    change(
        "fields_merged",
        LIB,
        "    pub city: String,\n    pub zip: Option<String>,\n",
        "    #[serde(alias = \"zip\")]\n    pub city: String,\n",
    ),
    change(
        "variants_merged",
        MONEY,
        "    Eur,\n    Usd,\n",
        "    #[serde(alias = \"Usd\")]\n    Eur,\n",
    ),
    change(
        "list_became_a_set",
        LIB,
        "tags: Vec<String>",
        "tags: std::collections::BTreeSet<String>",
    ),
    change("number_without_zero", LIB, "order: u32", "order: std::num::NonZero<u32>"),
    change("id_of_another_type", LIB, "id = String", "id = u64"),
    change("id_of_an_unknown_type", LIB, "id = String", "id = std::net::SocketAddrV4"),
    change("default_removed", LIB, "    #[serde(default)]\n", ""),
    change(
        "option_with_a_function",
        LIB,
        "    pub code: Option<u16>",
        "    #[serde(default = \"std::default::Default::default\")]\n    pub code: Option<u16>",
    ),
    change(
        "option_in_a_struct_with_a_default",
        LIB,
        "#[derive(Schema, Serialize, Deserialize)]\npub struct Place",
        "#[derive(Default, Schema, Serialize, Deserialize)]\n#[serde(default)]\npub struct Place",
    ),
    change("option_became_required", LIB, "Option<u16>", "u16"),
    change("number_narrower", LIB, "Option<u16>", "Option<u8>"),
    change("number_signed", LIB, "order: u32", "order: i32"),
    change("three_deep_type", LIB, "pub city: String", "pub city: Vec<String>"),
    change("three_deep_renamed", LIB, "pub city: String", "pub town: String"),
    change(
        "three_deep_added",
        LIB,
        "pub city: String",
        "pub city: String,\n    pub street: String",
    ),
    change("behind_a_type_alias", LIB, "type Cents = i64", "type Cents = String"),
    change("other_crate_type", MONEY, "cents: i64", "cents: String"),
    change("other_crate_removed", MONEY, "    pub currency: Currency,\n", ""),
    change("other_crate_variant", MONEY, "    Usd,\n", ""),
    change("rename_all", LIB, "\"snake_case\"", "\"SCREAMING_SNAKE_CASE\""),
    change("rename_all_removed", LIB, "#[serde(rename_all = \"snake_case\")]\n", ""),
    change(
        "serde_rename",
        LIB,
        "    pub fee: Cents",
        "    #[serde(rename = \"Fee\")]\n    pub fee: Cents",
    ),
    change(
        "enum_representation",
        LIB,
        "rename_all = \"snake_case\"",
        "rename_all = \"snake_case\", tag = \"kind\"",
    ),
    change("variant_removed", LIB, "    Salary,\n", ""),
    change("variant_renamed", LIB, "    Salary,\n", "    Wage,\n"),
    change("variant_content", LIB, "Gift { from: String }", "Gift"),
    change(
        "variants_renamed_and_changed",
        LIB,
        "    Salary,\n    Gift { from: String },\n",
        "    Wage,\n    Gift { by: String },\n",
    ),
    change("field_alias_removed", LIB, "    #[serde(alias = \"memo\")]\n", ""),
    change("variant_alias_removed", LIB, "    #[serde(alias = \"repayment\")]\n", ""),
    change(
        "unknown_fields_denied",
        LIB,
        "pub struct Place",
        "#[serde(deny_unknown_fields)]\npub struct Place",
    ),
    change(
        "old_version",
        LIB,
        "pub owner: String",
        "pub owner: Option<String>,\n    pub born: u16",
    ),
    change(
        "mistake_in_an_event",
        LIB,
        "aliases(\"deposited\")",
        "aliases(\"deposited\"), verison = 1",
    ),
    change("event_alias_removed", LIB, ", aliases(\"deposited\")", ""),
    change("event_renamed", LIB, "\"money_deposited\"", "\"money_put_in\""),
    change("aggregate_renamed", LIB, "    \"account\",", "    \"bank_account\","),
    change("event_dropped", LIB, ", AccountClosed)", ")"),
    change("retired_dropped", LIB, ",\n    retired(\"gift_given\")", ""),
    change(
        "version_lowered",
        LIB,
        "events(ignored(AccountOpened, ",
        "events(ignored(AccountOpenedV1, ",
    ),
    change("schema_line_removed", LIB, "esrs::schema!();\n", ""),
];

/// Stored payloads can still be read: that is said, and has to be locked.
const COMPATIBLE: &[Mutation] = &[
    change(
        "optional_field_added",
        LIB,
        "pub fee: Cents",
        "#[serde(default)]\n    pub tax: Cents,\n    pub fee: Cents",
    ),
    change("option_added", LIB, "pub fee: Cents", "pub tax: Option<Cents>,\n    pub fee: Cents"),
    change("variant_added", MONEY, "    Usd,\n", "    Usd,\n    Chf,\n"),
    change("number_wider", LIB, "order: u32", "order: u64"),
    change("may_be_null", LIB, "pub city: String", "pub city: Option<String>"),
    change("may_be_absent", LIB, "    pub fee: Cents", "    #[serde(default)]\n    pub fee: Cents"),
    change(
        "option_with_its_default",
        LIB,
        "    pub code: Option<u16>",
        "    #[serde(default)]\n    pub code: Option<u16>",
    ),
    change("alias_added", LIB, "alias = \"memo\"", "alias = \"memo\", alias = \"remark\""),
    change(
        "first_alias_added",
        LIB,
        "    pub fee",
        "    #[serde(alias = \"charge\")]\n    pub fee",
    ),
    change(
        "variant_alias_added",
        LIB,
        "    Salary,\n",
        "    #[serde(alias = \"wage\")]\n    Salary,\n",
    ),
    change(
        "variant_alias_added_in_another_crate",
        MONEY,
        "    Usd,\n",
        "    #[serde(alias = \"Dollar\", alias = \"USD\")]\n    Usd,\n",
    ),
    change(
        "renamed_with_alias",
        LIB,
        "    pub fee: Cents",
        "    #[serde(alias = \"fee\")]\n    pub charge: Cents",
    ),
];

/// A type that comes before an event in the source.
const NEWTYPE: (&str, &str) = (
    "pub type Cents",
    "#[derive(Schema, Serialize, Deserialize)]\npub struct Code(Option<u16>);\n\npub type Cents",
);

/// The wire does not show it.
const HARMLESS: &[Mutation] = &[
    change("doc_comment", LIB, "pub struct Place", "/// Where.\npub struct Place"),
    change(
        "derive_order",
        LIB,
        "#[derive(Schema, Serialize, Deserialize)]\npub struct Place",
        "#[derive(Deserialize, Serialize, Schema, Clone)]\npub struct Place",
    ),
    change(
        "field_order",
        LIB,
        "    pub fee: Cents,\n    pub reason: Reason,\n",
        "    pub reason: Reason,\n    pub fee: Cents,\n",
    ),
    change("variant_order", MONEY, "    Eur,\n    Usd,\n", "    Usd,\n    Eur,\n"),
    change(
        "rust_field_renamed",
        LIB,
        "    pub fee: Cents",
        "    #[serde(rename = \"fee\")]\n    pub charge: Cents",
    ),
    change("boxed", LIB, "pub amount: Amount", "pub amount: Box<Amount>"),
    change("another_list", LIB, "tags: Vec<String>", "tags: std::collections::VecDeque<String>"),
    change("alias_written_out", LIB, "pub fee: Cents", "pub fee: i64"),
    change("private", LIB, "    pub note: String", "    note: String"),
    change(
        "event_added",
        LIB,
        "#[derive(Event, Serialize, Deserialize)]\n#[event(\"account_closed\")]",
        "#[derive(Event, Serialize, Deserialize)]\n#[event(\"account_frozen\")]\npub struct AccountFrozen {}\n\n#[derive(Event, Serialize, Deserialize)]\n#[event(\"account_closed\")]",
    ),
];

fn apply(package: &Package, mutation: &Mutation) -> String {
    let before = package.read(mutation.file);
    package.replace(mutation.file, mutation.from, mutation.to);
    before
}

fn compared(name: &str, said: &str) -> Result<(), String> {
    let file = workspace().join("tests/ui/lock").join(name).with_extension("stderr");
    compare(&file, said)
}

/// The check of every mutation on a package of its own; all that are not as they should be.
fn each(
    mutations: &[Mutation],
    package: &Package,
    judge: impl Fn(&Mutation, Option<String>) -> Result<(), String>,
) {
    assert_eq!(package.check(&[]), None);
    let mut wrong = Vec::new();
    for mutation in mutations {
        let before = apply(package, mutation);
        if let Err(what) = judge(mutation, package.check(&[])) {
            wrong.push(format!("{}: {what}", mutation.name));
        }
        package.write(mutation.file, &before);
    }
    assert_eq!(package.check(&[]), None, "it is as it was");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_breaks_stored_payloads_does_not_compile_and_says_what_to_do() {
    let package = Package::locked("bank", "breaking");
    each(BREAKING, &package, |mutation, said| match said {
        Some(said) => compared(mutation.name, &said),
        None => Err("it compiles".to_owned()),
    });
}

#[test]
fn what_old_payloads_survive_is_told_apart_and_locked_once_more() {
    let package = Package::locked("bank", "compatible");
    for mutation in COMPATIBLE {
        assert_eq!(package.check(&[]), None);
        let locks = package.read("schema/index.lock");
        let before = apply(&package, mutation);
        let said = package.check(&[]).unwrap_or_else(|| panic!("{}: it compiles", mutation.name));
        compared(mutation.name, &said).unwrap();
        let lock = package.esrs(&["lock"]);
        assert!(lock.status.success(), "{}: {}", mutation.name, text(&lock));
        let locked = workspace().join("tests/ui/lock").join(mutation.name).with_extension("stdout");
        compare(&locked, &text(&lock)).unwrap();
        assert_eq!(package.check(&[]), None, "{}", mutation.name);
        // What was locked first is still there, and the way back breaks.
        assert_ne!(package.read("schema/index.lock"), locks);
        package.write(mutation.file, &before);
        assert!(package.check(&[]).is_some(), "{}: it was given up", mutation.name);
        for folder in ["schema", "src", "money/src"] {
            std::fs::remove_dir_all(package.root.join(folder)).unwrap();
        }
        let fresh = Package::copy("bank", "compatible");
        assert!(fresh.esrs(&["lock"]).status.success());
    }
}

#[test]
fn what_the_wire_does_not_show_passes() {
    let package = Package::locked("bank", "harmless");
    each(HARMLESS, &package, |_, said| said.map_or(Ok(()), Err));
}

/// Const evaluation counts its own steps, and says when there were some millions of them.
#[test]
fn a_change_among_2000_lines_is_found_in_few_steps() {
    let package = Package::copy("bank", "large");
    let fields: String = (0..100).map(|field| format!("    pub field_{field}: u8,\n")).collect();
    let derives = "#[derive(Schema, Serialize, Deserialize)]\n";
    let part = |part: usize| format!("\n{derives}pub struct Part{part} {{\n{fields}}}\n");
    let parts: String = (0..20).map(part).collect();
    let held: String = (0..20).map(|part| format!("    pub part_{part}: Part{part},\n")).collect();
    let event =
        "\n#[derive(Event, Serialize, Deserialize)]\n#[event(\"large\")]\npub struct Large {\n";
    let source = format!("{}{parts}{event}{held}}}\n", package.read(LIB));
    package.write(LIB, &source);
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", text(&locked));

    let (before, after) = source.split_at(source.rfind("field_99: u8").unwrap());
    package.write(LIB, &format!("{before}{}", after.replacen("u8", "String", 1)));
    let check = package.cargo(&["check", "--quiet"]);
    let said = text(&check);
    assert!(said.contains("its shape has changed: `part_19.field_99`"), "{said}");
    assert!(!said.contains("constant evaluation is taking a long time"), "{said}");
}

#[test]
fn a_newtype_of_an_option_has_to_be_there() {
    let package = Package::locked("bank", "newtype");
    package.replace(LIB, NEWTYPE.0, NEWTYPE.1);
    package.replace(LIB, "pub code: Option<u16>", "pub code: Code");
    compared("option_in_a_newtype", &package.check(&[]).unwrap_or_default()).unwrap();
    // And back: what had to be there may be absent now.
    let rewrite = ["lock", "--rewrite", "money_deposited", "--give-up-what-is-stored"];
    assert!(package.esrs(&rewrite).status.success());
    assert_eq!(package.check(&[]), None);
    package.replace(LIB, "pub code: Code", "pub code: Option<u16>");
    let said = package.check(&[]).unwrap_or_default();
    assert!(said.contains("a field may be absent now"), "{said}");
}

#[test]
fn ids_may_become_a_text_that_is_the_same_and_not_the_other_way() {
    let package = Package::copy("bank", "ids");
    let ids = |from: &str, to: &str| {
        package.replace(LIB, &format!("id = {from}"), &format!("id = {to}"));
        package.check(&[])
    };
    let lock = || {
        let lock = package.esrs(&["lock"]);
        assert!(lock.status.success(), "{}", text(&lock));
        text(&lock)
    };
    let aggregate = "schema/aggregates/account.lock";
    // The text of this one is not known, as in a lock that an older esrs has written.
    package.replace(LIB, "id = String", "id = std::net::SocketAddrV4");
    lock();
    assert!(!package.read(aggregate).contains("id: "));
    assert_eq!(ids("std::net::SocketAddrV4", "u32"), None);
    let check = package.esrs(&["lock", "--check"]);
    assert!(!check.status.success());
    assert!(
        text(&check).contains("not locked: aggregate account: its ids are u32"),
        "{}",
        text(&check)
    );
    assert!(lock().contains("locked aggregate account: its ids are u32"));
    assert!(package.read(aggregate).contains("\nid: u32\n"));
    assert_eq!(package.check(&[]), None);

    let said = ids("u32", "String").unwrap_or_default();
    assert!(said.contains("each stored id is read as it was"), "{said}");
    assert!(lock().contains("its ids are string"));
    assert_eq!(package.check(&[]), None);
    let said = ids("String", "u32").unwrap_or_default();
    assert!(said.contains("would not be found any more"), "{said}");
    let lock = package.esrs(&["lock"]);
    assert!(!lock.status.success());
    let said = text(&lock);
    assert!(said.contains("has streams by ids of string, and its ids are u32 here"), "{said}");
    assert_eq!(ids("u32", "String"), None);
}

#[test]
fn a_type_may_have_another_name_in_rust() {
    let package = Package::locked("bank", "renamed");
    let source = package.read(LIB);
    for (from, to) in [("Place", "Location"), ("Reason", "Cause"), ("MoneyDeposited", "Deposited")]
    {
        package.write(LIB, &source.replace(from, to));
        assert_eq!(package.check(&[]), None, "{from}");
    }
}

#[test]
fn a_lock_that_is_gone_or_edited_does_not_compile() {
    let package = Package::locked("bank", "locks");
    assert_eq!(package.check(&[]), None);
    let mut wrong = Vec::new();
    let mut check = |name: &str| match package.check(&[]) {
        None => wrong.push(format!("{name}: it compiles")),
        Some(said) => wrong.extend(compared(name, &said).err()),
    };
    let lock = "schema/events/money_deposited.lock";
    let text = package.read(lock);
    std::fs::remove_file(package.root.join(lock)).unwrap();
    check("lock_deleted");
    package.write(lock, &text.replace(".fee: i64", ".fee: i32"));
    check("lock_edited");
    package.write(lock, &text);

    let index = package.read("schema/index.lock");
    let without = index.lines().filter(|line| !line.contains("money_deposited"));
    package
        .write("schema/index.lock", &without.map(|line| format!("{line}\n")).collect::<String>());
    check("lock_not_in_the_index");
    package.write("schema/index.lock", &index);
    std::fs::write(package.root.join(lock), b"\xff\xfe").unwrap();
    check("lock_is_not_text");
    package.write(lock, &text);
    std::fs::write(package.root.join("schema/index.lock"), b"\xff\xfe").unwrap();
    check("index_is_not_text");
    std::fs::remove_file(package.root.join("schema/index.lock")).unwrap();
    check("index_deleted");
    // The derives leave that to `schema!()`, and ask for it.
    package.replace(LIB, "esrs::schema!();\n", "");
    let said = package.check(&[]).unwrap_or_default();
    assert_eq!(
        said.matches("cannot find value `ADD_THE_MACRO_CALL_esrs_schema").count(),
        5,
        "{said}"
    );
    package.write(LIB, &format!("esrs::schema!();\n{}", package.read(LIB)));
    std::fs::rename(package.root.join("schema"), package.root.join("elsewhere")).unwrap();
    check("folder_missing");
    std::fs::rename(package.root.join("elsewhere"), package.root.join("schema")).unwrap();
    package.write("schema/index.lock", &format!("{index}<<<<<<< ours\n"));
    check("index_in_a_merge");
    package.write("schema/index.lock", &index);
    assert_eq!(package.check(&[]), None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
