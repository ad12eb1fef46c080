//! Which targets may have events.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package, Target, TargetKind};
use esrs_core::{Escaped, escaped};

use crate::error::Error;

/// A target of a package that depends on esrs.
#[derive(Debug, Clone)]
pub(crate) struct LockTarget {
    pub(crate) package: String,
    /// The version of the package.
    pub(crate) version: String,
    pub(crate) manifest: PathBuf,
    /// What cargo calls it: `--lib`, or `--bin` and its name.
    pub(crate) flags: Vec<String>,
    /// The features without which it is not built.
    pub(crate) features: Vec<String>,
    /// The packages of the workspace whose libraries are a part of it, its own among them.
    pub(crate) uses: BTreeSet<String>,
    /// The folder of its locks.
    pub(crate) folder: PathBuf,
    /// The file that its crate begins with.
    pub(crate) root: PathBuf,
}

impl LockTarget {
    fn new(package: &Package, target: &Target, members: &[&Package]) -> Option<Self> {
        let root = package.manifest_path.parent()?.as_std_path();
        let krate = target.name.replace('-', "_");
        let schema = root.join("schema");
        let is = |kind: TargetKind| target.kind.contains(&kind);
        let named = |flag: &str| vec![flag.to_owned(), target.name.clone()];
        let (flags, folder) = if is(TargetKind::Bin) {
            (named("--bin"), schema.join("bin").join(&target.name))
        } else if is(TargetKind::Example) {
            (named("--example"), schema.join("bin").join(&target.name))
        } else if is(TargetKind::Test) {
            (named("--test"), schema.join("test").join(krate))
        } else if is(TargetKind::Bench) {
            (named("--bench"), schema.join("test").join(krate))
        } else if is(TargetKind::CustomBuild) || is(TargetKind::ProcMacro) {
            return None;
        } else {
            (vec!["--lib".to_owned()], schema)
        };
        let is_in_development = !is(TargetKind::Bin) && flags[0] != "--lib";
        Some(Self {
            package: package.name.to_string(),
            version: package.version.to_string(),
            manifest: package.manifest_path.clone().into(),
            flags,
            features: target.required_features.clone(),
            uses: uses(package, members, is_in_development),
            folder,
            root: target.src_path.clone().into(),
        })
    }

    /// Whether nobody stores its events, unless they are locked.
    pub(crate) fn is_test(&self) -> bool {
        matches!(self.flags[0].as_str(), "--test" | "--bench")
    }

    /// Whether its source says anything of esrs.
    pub(crate) fn is_locked(&self) -> bool {
        self.folder.join(crate::folder::INDEX).exists()
    }

    /// The name of the program, when it is not the package's library.
    pub(crate) fn program(&self) -> Option<&str> {
        self.flags.get(1).map(String::as_str)
    }

    /// As messages call it.
    pub(crate) fn name(&self) -> String {
        let target = self.flags.join(" ");
        format!("{} ({})", self.package, target.trim_start_matches("--"))
    }

    /// `path`, as seen from the package, on one line.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> Escaped<std::path::Display<'a>> {
        let package = self.manifest.parent().unwrap_or(&self.manifest);
        escaped(path.strip_prefix(package).unwrap_or(path).display())
    }
}

/// The packages of a workspace that the programs of one are built of: itself, and what it depends on.
fn uses(package: &Package, members: &[&Package], in_development: bool) -> BTreeSet<String> {
    let mut uses = BTreeSet::from([package.name.to_string()]);
    let mut next = vec![(package, in_development)];
    while let Some((package, in_development)) = next.pop() {
        for on in &package.dependencies {
            let is_used = match on.kind {
                DependencyKind::Development => in_development,
                kind => kind == DependencyKind::Normal,
            };
            if !is_used {
                continue;
            }
            let is_member = |member: &&&Package| on.path.is_some() && *member.name == on.name;
            if let Some(member) = members.iter().find(is_member)
                && uses.insert(on.name.clone())
            {
                next.push((member, false));
            }
        }
    }
    uses
}

/// The targets of the packages that depend on esrs.
///
/// # Errors
/// When cargo does not know the workspace, or there is no such package.
pub(crate) fn targets(
    manifest: Option<&Path>,
    packages: &[String],
    whole: bool,
) -> Result<Vec<LockTarget>, Error> {
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    let metadata = command.exec()?;
    let depends = |package: &&Package| package.dependencies.iter().any(|on| on.name == "esrs");
    let members = metadata.workspace_packages();
    let known: Vec<_> = members.iter().copied().filter(depends).collect();
    let chosen: Vec<_> = if !packages.is_empty() {
        for asked in packages {
            if !known.iter().any(|package| *package.name == *asked) {
                return Err(Error::NoSuchPackage(asked.clone()));
            }
        }
        known
            .into_iter()
            .filter(|known| packages.iter().any(|asked| *known.name == *asked))
            .collect()
    } else if whole {
        known
    } else {
        let defaults = metadata.workspace_default_packages();
        let is_default = |known: &&Package| defaults.iter().any(|other| other.id == known.id);
        known.into_iter().filter(is_default).collect()
    };
    if chosen.is_empty() {
        return Err(Error::NoPackage);
    }
    let targets = chosen.iter().flat_map(|package| {
        package.targets.iter().filter_map(|target| LockTarget::new(package, target, &members))
    });
    Ok(targets.collect())
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
