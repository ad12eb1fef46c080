//! A page of the guide, as far as its checks read Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The folder of the pages.
pub(crate) fn pages_folder() -> PathBuf {
    root().join("docs/book/src")
}

/// A fenced block: its language, and the text in it.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A page: its text without fenced blocks, and these.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) prose: String,
    pub(crate) blocks: Vec<Block>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let (mut prose, mut blocks, mut open) = (String::new(), Vec::new(), None::<Block>);
        for line in text.lines() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block { language: language.to_owned(), text: String::new() });
                    prose += "```\n";
                }
                (None, Some(block)) => block.text += &format!("{line}\n"),
                (None, None) => prose += &format!("{line}\n"),
            }
        }
        assert!(open.is_none(), "{}: a fenced block does not end", path.display());
        Self { path: path.to_owned(), prose, blocks }
    }

    /// The files that it includes, each with its anchor, in prose and blocks.
    pub(crate) fn includes(&self) -> Vec<(PathBuf, Option<String>)> {
        let blocks = self.blocks.iter().map(|block| block.text.as_str());
        let texts = std::iter::once(self.prose.as_str()).chain(blocks);
        texts.flat_map(|text| self.includes_of(text)).collect()
    }

    fn includes_of(&self, text: &str) -> Vec<(PathBuf, Option<String>)> {
        let starts = text.split("{{#").skip(1);
        starts
            .map(|rest| {
                let directive = rest.split("}}").next().unwrap();
                let (word, target) = directive.split_once(' ').unwrap();
                assert_eq!(word, "include", "{}: {{{{#{directive}}}}}", self.path.display());
                let (file, anchor) = match target.split_once(':') {
                    Some((file, anchor)) => (file, Some(anchor.to_owned())),
                    None => (target, None),
                };
                (self.path.parent().unwrap().join(file), anchor)
            })
            .collect()
    }

    /// The targets of its links, without `code`.
    pub(crate) fn links(&self) -> Vec<String> {
        let without_code: String = self.prose.split('`').step_by(2).collect();
        let targets = without_code.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        targets.map(str::to_owned).collect()
    }

    /// The text of its title.
    pub(crate) fn title(&self) -> &str {
        let first = self.prose.lines().next().unwrap_or_default();
        first.strip_prefix("# ").unwrap_or_else(|| panic!("{}: no title", self.path.display()))
    }

    /// The ids of its headings, as mdbook makes them.
    pub(crate) fn fragments(&self) -> BTreeSet<String> {
        let mut seen = BTreeMap::new();
        let headings = self.prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let text = line.trim_start_matches('#').trim().to_lowercase();
                let kept = text.chars().filter(|&c| c.is_alphanumeric() || " _-".contains(c));
                let id = kept.collect::<String>().replace(' ', "-");
                let count = seen.entry(id.clone()).or_insert(0);
                *count += 1;
                if *count == 1 { id } else { format!("{id}-{}", *count - 1) }
            })
            .collect()
    }
}
