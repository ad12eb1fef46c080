//! Every example prints what is in the `.out` file next to it.
//!
//! `BLESS=1 cargo test -p esrs-examples --test programs` rewrites the transcripts; read the diff before
//! you commit.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::example;

fn stdout(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The folder of the programs and their transcripts.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn compare_with_transcript(example: &str, printed: &str) {
    let transcript = folder().join(example).with_extension("out");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&transcript, printed).unwrap();
    }
    let expected = std::fs::read_to_string(&transcript).unwrap_or_default();
    assert_eq!(printed, expected, "{} is not what was printed", transcript.display());
}

macro_rules! transcripts {
    ($($test:ident: $example:literal;)*) => {
        $(
            #[test]
            fn $test() {
                compare_with_transcript($example, &stdout(&Command::new(example($example)).output().unwrap()));
            }
        )*

        #[test]
        fn every_chapter_of_the_tutorial_has_a_transcript_that_is_compared() {
            let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
            let mut chapters: Vec<_> = files
                .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
                .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            chapters.sort();
            assert_eq!(chapters, [$($example),*]);
        }
    };
}

transcripts! {
    the_first_aggregate: "01_to_do_list";
    an_enum_as_a_state_machine: "02_shopping_cart";
    a_log_in_sqlite_and_a_table: "03_bank_account";
    two_versions_of_an_event: "04_two_versions";
    snapshots: "05_snapshots";
    time_travel_and_audit: "06_time_travel_and_audit";
    idempotent_commands: "07_idempotent_commands";
    the_tests_of_a_domain: "08_testing_a_domain";
    events_over_the_years: "09_events_over_the_years";
}
