//! A source file is really edited, and the program built again from what was built before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the first counter, which prints the fingerprint of its fold.
struct Program {
    root: PathBuf,
}

impl Program {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fold");
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"edited\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nesrs = {{ path = {workspace:?}, default-features = false }}\n\
             serde = \"1\"\n\n[profile.dev]\ndebug = false\n"
        );
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        // The versions of the workspace, which are downloaded already.
        fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
        let main = "mod first;\nmod steps;\n\nfn main() {\n    \
                    print!(\"{}\", <first::Counter as esrs::Aggregate>::FOLD);\n}\n";
        fs::write(root.join("src/main.rs"), main).unwrap();
        fs::write(root.join("src/steps.rs"), include_str!("steps.rs")).unwrap();
        Self { root }
    }

    /// Returns what it prints when the counter is written like this.
    fn prints(&self, counter: &str) -> String {
        fs::write(self.root.join("src/first.rs"), counter).unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["run", "--offline", "--quiet", "--manifest-path"])
            .arg(self.root.join("Cargo.toml"))
            // Shared with the packages of `cargo-esrs`, which build the same crates.
            .env("CARGO_TARGET_DIR", self.root.join("../packages/target-1"))
            .env("CARGO_INCREMENTAL", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn an_edit_of_a_body_is_noticed_by_the_next_build_and_that_of_a_comment_is_not() {
    let program = Program::new();
    let counter = include_str!("first.rs");
    let commented = counter.replace("self.sum = 0;", "// Begins again.\n        self.sum = 0;");
    let edited = counter.replace("self.sum = 0;", "self.sum = 1;");
    assert!(commented != counter && edited != counter, "nothing was edited");

    let first = program.prints(counter);
    assert_eq!(first, super::FIRST.to_string(), "another program of the same counter");
    assert_eq!(program.prints(&commented), first);
    assert_ne!(program.prints(&edited), first);
    assert_eq!(program.prints(counter), first);
}
