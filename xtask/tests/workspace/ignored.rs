//! Nothing is ignored but what `cargo xtask test` runs, so that no test is left out in silence.

use std::fs;
use std::path::{Path, PathBuf};

/// The one reason.
const REASON: &str = "needs PostgreSQL: cargo xtask test";

#[test]
fn every_ignored_test_needs_postgresql_and_no_example_is_ignored() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut ignored, mut wrong) = (0, Vec::new());
    for file in sources(root) {
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start_matches(['/', '!', ' ']);
            let is_wrong = match line.strip_prefix("#[ignore") {
                Some(reason) => {
                    ignored += 1;
                    reason != format!(" = \"{REASON}\"]")
                }
                None => line.starts_with("```") && line.contains("ignore"),
            };
            if is_wrong {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "the reason has to be {REASON:?}");
    assert!(ignored > 10, "the tests of postgres-server are among them, and here are {ignored}");
}

/// Each file that may hold a test or an example.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let of_entry = |entry: fs::DirEntry| {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true if name.starts_with('.') || name == "target" => Vec::new(),
            true => sources(&path),
            false if name.ends_with(".rs") || name.ends_with(".md") => vec![path],
            false => Vec::new(),
        }
    };
    entries.flat_map(of_entry).collect()
}
