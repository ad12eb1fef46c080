//! The bank import, on its own small book and on books that are broken.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::example;

const HEADER: &str =
    "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\n";

/// Imports with these arguments: whether it succeeded, its figures without the speed, its errors.
fn import(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(example("bank_import")).args(arguments).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let figures = printed.lines().filter(|line| !line.starts_with("commands_per_second"));
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), figures.collect::<Vec<_>>().join("\n"), errors)
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

/// The output that the README shows, without the speed, which is another on each machine.
fn readme_output() -> String {
    let readme = include_str!("../../../../README.md");
    let shown = readme.split("<!-- the output of the bank import -->\n```text\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap().trim_end();
    let (figures, speed) = shown.rsplit_once('\n').unwrap();
    assert!(speed.starts_with("commands_per_second: "), "{speed}");
    figures.to_owned()
}

#[test]
fn without_a_book_it_imports_the_invented_one_and_prints_what_the_readme_shows() {
    let (succeeded, figures, errors) = import(&[]);
    assert!(succeeded, "{errors}");
    assert_eq!(figures, readme_output());
}

#[test]
fn the_invented_book_adds_up_to_what_another_program_makes_of_it() {
    let rows = include_str!("../../../bank_import/invented_book.csv").lines().skip(1);
    let mut sum = 0;
    for row in rows.clone() {
        let columns: Vec<_> = row.split(';').collect();
        let cents: i64 = columns[5].replace('.', "").parse().unwrap();
        sum += if columns[3] == "\"PRIJEM\"" { cents } else { -cents };
    }
    let shown = readme_output();
    assert!(shown.contains(&format!("sum_of_balances: {sum}\n")), "{shown}");
    assert!(shown.contains(&format!("transactions: {}\n", rows.count())), "{shown}");
}

#[test]
fn importing_a_book_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("bank.db");
    let first = import(&["--db", path(&db)]);
    let second = import(&["--db", path(&db)]);
    assert!(first.0, "{}", first.2);
    assert_eq!(first.1, second.1);
    let rows = include_str!("../../../bank_import/invented_book.csv").lines().skip(1).count();
    let all = format!("{rows} of {rows} rows were imported before");
    assert!(!first.2.contains("imported before") && second.2.contains(&all), "{}", second.2);
}

#[test]
fn a_killed_import_is_completed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("bank.db");
    let book = folder.path().join("book.csv");
    let row = |n: u32| format!("{n};{};930101;PRIJEM;VKLAD;1.00;0;;;\n", n % 97);
    std::fs::write(&book, HEADER.to_owned() + &(1..=20_000).map(row).collect::<String>()).unwrap();
    let arguments = [path(&book), "--db", path(&db)];
    let whole = import(&[path(&book)]);
    let mut killed = 0;
    for milliseconds in [150, 300, 450] {
        let mut import = Command::new(example("bank_import"));
        let mut child =
            import.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(killed > 0, "every import was over before it could be killed");
    let completed = import(&arguments);
    assert!(completed.0, "{}", completed.2);
    assert_eq!(completed.1, whole.1);
}

#[test]
fn a_malformed_row_is_reported_and_the_rest_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.csv");
    let rows = "1;7;930101;PRIJEM;VKLAD;10.00;0;;;\n2;7;930101;PRIJEM;VKLAD;1O.00;0;;;\n";
    std::fs::write(&book, HEADER.to_owned() + rows).unwrap();
    let (succeeded, figures, errors) = import(&[path(&book)]);
    assert!(succeeded, "{errors}");
    assert!(errors.contains("not imported: line 3: \"1O.00\" is no amount"), "{errors}");
    assert!(figures.contains("transactions: 1\n"), "{figures}");

    let (succeeded, figures, errors) = import(&[path(&book), "--strict"]);
    assert!(!succeeded);
    assert_eq!(figures, "");
    assert!(errors.contains("nothing was imported"), "{errors}");
}

#[test]
fn an_unknown_flag_and_a_missing_file_are_said_in_a_sentence() {
    let (succeeded, _, errors) = import(&["--verbose"]);
    assert!(!succeeded && errors.contains("--verbose is not known"), "{errors}");
    let (succeeded, _, errors) = import(&["there-is-no-such.csv"]);
    assert!(!succeeded && errors.contains("there-is-no-such.csv"), "{errors}");
}
