//! Every page is in the summary and answers its title, and every link and include leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::markdown::{Page, pages_folder, root};

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every page but the summary.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths = files(&pages_folder());
    paths.retain(|path| {
        path.extension().is_some_and(|it| it == "md") && !path.ends_with("SUMMARY.md")
    });
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The file that a relative path leads to, if it is there.
fn resolved(from: &Page, target: &str) -> Option<PathBuf> {
    fs::canonicalize(from.path.parent().unwrap().join(target)).ok()
}

#[test]
fn summary_lists_each_page_once() {
    let summary = Page::read(&pages_folder().join("SUMMARY.md"));
    let listed = summary.links();
    let linked: BTreeSet<_> = listed.iter().map(|link| pages_folder().join(link)).collect();
    assert_eq!(linked.len(), listed.len(), "SUMMARY.md lists a page twice");
    let pages: BTreeSet<_> = pages().into_iter().map(|page| page.path).collect();
    assert_eq!(linked, pages);
}

#[test]
fn summary_has_the_title_of_each_page() {
    let summary = fs::read_to_string(pages_folder().join("SUMMARY.md")).unwrap();
    for page in pages() {
        let path = page.path.strip_prefix(pages_folder()).unwrap().display().to_string();
        let entry = format!("[{}]({path})", page.title());
        assert!(summary.contains(&entry), "SUMMARY.md has no {entry}");
    }
}

#[test]
fn pages_open_with_a_paragraph() {
    for page in pages() {
        page.title();
        let below = page.prose.lines().skip(1).find(|line| !line.trim().is_empty());
        let opens = below.unwrap_or_default();
        let is_paragraph = opens.starts_with(|c: char| c.is_alphanumeric() || c == '`' || c == '[');
        assert!(
            is_paragraph && opens.split_whitespace().count() >= 12,
            "{}: the first paragraph must answer the title, found {opens:?}",
            page.path.display()
        );
    }
}

#[test]
fn links_of_pages_lead_somewhere() {
    let mut count = 0;
    let mut wrong = Vec::new();
    let others = ["README.md", "CONTRIBUTING.md"].map(|name| Page::read(&root().join(name)));
    for page in pages().iter().chain(&others) {
        for link in page.links() {
            if link.starts_with("https://") {
                continue;
            }
            count += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { Some(page.path.clone()) } else { resolved(page, file) };
            let leads = target.is_some_and(|target| {
                fragment.is_empty() || Page::read(&target).fragments().contains(fragment)
            });
            if !leads {
                wrong.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
    assert!(count > 3, "{count}");
}

/// mdbook renders the pages alone, so a link to another file of the repository would be broken there.
#[test]
fn links_of_pages_stay_in_the_book() {
    for page in pages() {
        for link in page.links().iter().filter(|link| !link.starts_with("https://")) {
            let file = link.split('#').next().unwrap();
            let target =
                if file.is_empty() { Some(page.path.clone()) } else { resolved(&page, file) };
            let inside =
                target.is_some_and(|it| it.starts_with(fs::canonicalize(pages_folder()).unwrap()));
            assert!(inside, "{}: {link} leaves the book", page.path.display());
        }
    }
}

#[test]
fn includes_of_pages_lead_somewhere() {
    let mut count = 0;
    for page in pages() {
        for (file, anchor) in page.includes() {
            count += 1;
            let text = fs::read_to_string(&file);
            let text = text.unwrap_or_else(|error| {
                panic!("{} includes {}: {error}", page.path.display(), file.display())
            });
            let Some(anchor) = anchor else { continue };
            let lines = || text.lines().map(|line| line.trim_end_matches(" -->").trim());
            let starts =
                lines().filter(|line| line.ends_with(&format!(" ANCHOR: {anchor}"))).count();
            let ends =
                lines().filter(|line| line.ends_with(&format!(" ANCHOR_END: {anchor}"))).count();
            let file = file.display();
            assert_eq!((starts, ends), (1, 1), "{}: {file}:{anchor}", page.path.display());
        }
    }
    assert!(count > 3, "{count}");
}

/// Code and output that nothing compiles and compares gets out of date.
#[test]
fn code_and_output_are_included() {
    for page in pages() {
        for block in &page.blocks {
            let language = block.language.split([',', ' ']).next().unwrap();
            let lines = || block.text.lines().filter(|line| !line.trim().is_empty());
            match language {
                "rust" | "text" => {
                    let all = lines().all(|line| line.starts_with("{{#include "));
                    let path = page.path.display();
                    assert!(
                        all,
                        "{path}: a block of `{language}` is written by hand:\n{}",
                        block.text
                    );
                }
                "sh" | "toml" | "sql" => {}
                other => panic!("{}: a block of `{other}`", page.path.display()),
            }
        }
    }
}

/// An output that no page shows has no reader, and a program that no page shows is dead.
#[test]
fn programs_and_outputs_are_shown() {
    let includes = pages().into_iter().flat_map(|page| page.includes());
    let shown: BTreeSet<_> = includes.filter_map(|(file, _)| fs::canonicalize(file).ok()).collect();
    let folder = fs::canonicalize(root().join("docs/programs/examples")).unwrap();
    let readme = folder.join("readme.rs");
    for file in files(&folder) {
        let is_shown = shown.contains(&file) || file.with_extension("rs") == readme;
        assert!(is_shown, "no page includes {}", file.display());
    }
}
