//! The contracts of the package `bank`, as they are written.
//!
//! `BLESS=1 cargo test -p cargo-esrs --test contract` writes them again; read the diff before you commit.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{bank, printed};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(files) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n"))
        })
        .collect()
}

#[test]
fn the_contracts_of_the_bank_are_written_as_they_were() {
    let output = tempfile::tempdir().unwrap();
    for format in ["json-schema", "asyncapi", "markdown"] {
        let said =
            printed(&bank(), &["--format", format, "--output", output.path().to_str().unwrap()]);
        assert!(said.starts_with("wrote "), "{said}");
    }
    let written = files(&output.path().join("bank"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/snapshots");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for name in files(&folder).keys() {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, text) in &written {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let expected = files(&folder);
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "other files than in {}",
        folder.display()
    );
    for (name, text) in &written {
        assert_eq!(text, &expected[name], "{name} is not what was written");
    }
}
