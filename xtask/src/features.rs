//! Each feature of each published package alone, none, and all: each builds, without a warning.

use std::process::Command;

use crate::error::Error;
use crate::published::{self, Published};
use crate::run::run;

pub(crate) fn check() -> Result<(), Error> {
    for package in published::packages()? {
        for features in sets(&package) {
            let mut clippy = Command::new(published::cargo());
            clippy
                .args(["clippy", "--quiet", "--locked", "--package", &package.name])
                .args(features);
            // As `.ci/run` tells it for all targets, so that what both check is checked once.
            run(clippy.args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

/// The words that turn features on: no set twice.
fn sets(package: &Published) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut sets = vec![words(&["--no-default-features"])];
    sets.extend(
        package.features.iter().map(|it| words(&["--no-default-features", "--features", it])),
    );
    if package.features.len() > 1 {
        sets.push(words(&["--all-features"]));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_checked_alone_and_none_and_all() {
        for (features, expected) in [
            (&[][..], &["--no-default-features"][..]),
            (&["x"], &["--no-default-features", "--no-default-features --features x"]),
            (
                &["x", "y"],
                &[
                    "--no-default-features",
                    "--no-default-features --features x",
                    "--no-default-features --features y",
                    "--all-features",
                ],
            ),
        ] {
            let features = features.iter().map(|&name| name.to_owned()).collect();
            let sets = sets(&Published { name: "a".to_owned(), features });
            let shown: Vec<_> = sets.iter().map(|words| words.join(" ")).collect();
            assert_eq!(shown, expected);
        }
    }
}
