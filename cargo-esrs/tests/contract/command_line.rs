//! Arguments, output and refusals of `cargo esrs schema`.

use crate::support::{Package, bank, printed, refused, schema};

#[test]
fn nothing_locked_is_an_error_that_says_how_to_lock() {
    let package = Package::new("young");
    for format in ["json-schema", "asyncapi", "markdown"] {
        assert_eq!(
            refused(package.folder(), &["--format", format]),
            "error: nothing is locked of young, and a contract is made of what is locked: run `cargo esrs \
             lock`, and commit what it writes\n"
        );
    }
}

#[test]
fn a_package_that_is_not_there_is_an_error() {
    let said = refused(&bank(), &["--format", "markdown", "-p", "bakery"]);
    assert_eq!(said, "error: there is no package \"bakery\" here that depends on esrs\n");
}

#[test]
fn a_lock_that_was_edited_is_an_error_that_names_the_event() {
    let package = Package::new("edited");
    let lines = ["struct", ".cents.amount: i64"].map(str::to_owned).to_vec();
    package.lock_outlines("moved", &[(3, lines)]);
    let said = refused(package.folder(), &["--format", "json-schema"]);
    assert!(said.starts_with("error: the lock of moved version 3: "), "{said}");
    assert!(said.contains(".cents.amount: i64"), "{said}");
}

/// A workspace of two packages with locks, the second with a program that has locks of its own.
fn workspace() -> Package {
    let workspace = Package::new("unused");
    workspace.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"one\", \"two\", \"young\"]\nresolver = \"3\"\n",
    );
    for name in ["one", "two", "young"] {
        workspace.write(
            &format!("{name}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                 esrs = \"0.1\"\n"
            ),
        );
        workspace.write(&format!("{name}/src/lib.rs"), "");
    }
    workspace.write("two/src/bin/import.rs", "fn main() {}");
    let locks = [("one/schema", "u8"), ("two/schema", "bool"), ("two/schema/bin/import", "string")];
    for (folder, line) in locks {
        let lock = format!("version 1 = 0000000000000000\n    {line}\n");
        workspace.write(&format!("{folder}/events/said.lock"), &lock);
    }
    workspace
}

#[test]
fn a_workspace_has_a_folder_for_each_package_and_program() {
    let workspace = workspace();
    let output =
        schema(workspace.folder(), &["--format", "json-schema", "--workspace", "-o", "out"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "note: nothing is locked of young, which is left out\n");
    let kind = |file: &str| {
        let text = std::fs::read_to_string(workspace.folder().join(file)).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        (document["$id"].clone(), document["$defs"]["v1"]["type"].clone())
    };
    let kinds = [
        kind("out/one/said.schema.json"),
        kind("out/two/said.schema.json"),
        kind("out/two/bin/import/said.schema.json"),
    ];
    assert_eq!(
        kinds,
        [
            ("urn:esrs:one:said".into(), "integer".into()),
            ("urn:esrs:two:said".into(), "boolean".into()),
            ("urn:esrs:two:bin:import:said".into(), "string".into()),
        ]
    );
}

#[test]
fn several_packages_are_chosen_by_name() {
    let workspace = workspace();
    let arguments = ["--format", "markdown", "-p", "one", "-p", "two"];
    let page = printed(workspace.folder(), &arguments);
    let titles: Vec<_> = page.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(titles, ["# Events of one", "# Events of two", "# Events of two (import)"]);
}

#[test]
fn several_programs_are_no_asyncapi_document() {
    let workspace = workspace();
    let said = refused(workspace.folder(), &["--format", "asyncapi", "-p", "two"]);
    assert_eq!(
        said,
        "error: an AsyncAPI document describes one program, and here are two, two (import): choose one by \
         `--package`, or give a folder by `--output`\n"
    );
    printed(workspace.folder(), &["--format", "asyncapi", "-p", "one"]);
    let said = printed(workspace.folder(), &["--format", "asyncapi", "-p", "two", "-o", "out"]);
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_file_gets_what_would_be_printed_and_is_left_alone_when_it_has_that() {
    let package = Package::new("filed");
    package.lock::<u8>("said");
    let arguments = ["--format", "json-schema", "--output", "contract.json"];
    assert_eq!(printed(package.folder(), &arguments), "wrote contract.json\n");
    assert_eq!(printed(package.folder(), &arguments), "");
    let file = std::fs::read_to_string(package.folder().join("contract.json")).unwrap();
    assert_eq!(file, printed(package.folder(), &["--format", "json-schema"]));
}

#[test]
fn what_tests_store_is_no_part_of_a_contract() {
    let package = Package::new("tested");
    package.lock::<u8>("said");
    package.write("tests/one.rs", "");
    let lock = "version 1 = 0000000000000000\n    string\n";
    package.write("schema/test/one/events/only_in_a_test.lock", lock);
    let page = printed(package.folder(), &["--format", "markdown"]);
    assert!(page.contains("`said`") && !page.contains("only_in_a_test"), "{page}");
}
