//! The command, packages for it, and the validators.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use esrs::Schema;
use esrs_core::schema::lock::outline_of;
use jsonschema::{Draft, Validator};
use serde_json::Value;
use tempfile::TempDir;

/// The package `bank`, whose locks are committed.
pub(crate) fn bank() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/bank")
}

/// Runs `cargo esrs schema` in a folder.
pub(crate) fn schema(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-esrs"));
    command.current_dir(folder).args(["esrs", "schema"]).args(arguments).output().unwrap()
}

/// Returns what it prints.
pub(crate) fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = schema(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    assert_eq!(errors, "");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns what it prints when it fails.
pub(crate) fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = schema(folder, arguments);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A package of which only the locks matter.
pub(crate) struct Package(TempDir);

impl Package {
    /// A package that depends on esrs and has nothing locked.
    pub(crate) fn new(name: &str) -> Self {
        let package = Self(tempfile::tempdir().unwrap());
        package.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\nesrs = \"0.1\"\n"
            ),
        );
        package.write("src/lib.rs", "");
        package
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Locks the first version of an event as what a type is now.
    pub(crate) fn lock<T: Schema + ?Sized>(&self, event: &str) {
        self.lock_outlines(event, &[(1, outline_of(T::SHAPE))]);
    }

    /// Locks these versions of an event.
    pub(crate) fn lock_outlines(&self, event: &str, versions: &[(u32, Vec<String>)]) {
        let mut text = "# A lock\n".to_owned();
        for (version, outline) in versions {
            text.push_str(&format!("\nversion {version} = 0000000000000000\n"));
            outline.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        self.write(&format!("schema/events/{event}.lock"), &text);
    }

    /// Returns what is printed of it as JSON.
    pub(crate) fn document(&self, format: &str) -> Value {
        serde_json::from_str(&printed(self.folder(), &["--format", format])).unwrap()
    }

    /// The JSON Schema of an event, out of the document of all.
    pub(crate) fn json_schema(&self, event: &str) -> Value {
        let document = self.document("json-schema");
        let definitions = document["$defs"].as_object().unwrap();
        let found = definitions.values().find(|schema| schema["title"] == event);
        found.unwrap_or_else(|| panic!("no {event} in {document:#}")).clone()
    }
}

/// The validator of a schema, which checks formats too.
pub(crate) fn validator(schema: &Value, draft: Draft) -> Validator {
    let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
    // Draft 07 does not know that of a UUID, which is why a pattern stands beside it.
    let is_old = draft == Draft::Draft7;
    options.should_ignore_unknown_formats(is_old).build(schema).unwrap()
}

/// Asserts that a document is valid, and says what is wrong with it otherwise.
pub(crate) fn is_valid(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{document:#}");
}
