//! The targets that may have events.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package, Target, TargetKind};
use esrs_core::{Escaped, escaped};
use esrs_lock::name::{INDEX, Kind};

use crate::error::Error;

/// A target of a package that depends on esrs.
#[derive(Debug, Clone)]
pub(crate) struct LockTarget {
    pub(crate) package: String,
    /// The version of the package.
    pub(crate) version: String,
    pub(crate) manifest: PathBuf,
    /// The flags by which cargo selects it: `--lib`, or `--bin` and its name.
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

    /// The folder of the locks of its package.
    pub(crate) fn schema(&self) -> PathBuf {
        self.manifest.with_file_name("schema")
    }

    /// Returns true if nobody stores its events, unless they are locked.
    pub(crate) fn is_test(&self) -> bool {
        matches!(self.flags[0].as_str(), "--test" | "--bench")
    }

    /// Returns true if its source says anything of esrs.
    pub(crate) fn is_locked(&self) -> bool {
        self.folder.join(INDEX).exists()
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

/// The targets that a command is about.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) targets: Vec<LockTarget>,
    /// The folder of the workspace.
    pub(crate) root: PathBuf,
    /// The packages of the workspace.
    pub(crate) members: BTreeSet<String>,
    /// True if packages were named, and nothing is asked of others.
    pub(crate) is_by_name: bool,
    /// The folders where a target of the packages has its locks, or would have them.
    folders: BTreeSet<PathBuf>,
}

/// A folder of locks that no target of its package has.
#[derive(Debug)]
pub(crate) struct Abandoned {
    package: String,
    manifest: PathBuf,
    /// The folder, as seen from the package.
    folder: String,
    /// The targets of the package that have no locks yet, each with its folder.
    open: Vec<(String, String)>,
}

impl Chosen {
    /// The folders of locks that no target has any more: it was renamed, or became another kind of target.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(crate) fn abandoned(&self) -> Result<Vec<Abandoned>, Error> {
        let mut abandoned = Vec::new();
        let mut seen = BTreeSet::new();
        for target in &self.targets {
            if !seen.insert(&target.manifest) {
                continue;
            }
            let shown = |path: &Path| target.shown(path).to_string().replace('\\', "/");
            let left = lock_folders(&target.schema())?;
            let left: Vec<_> =
                left.into_iter().filter(|folder| !self.folders.contains(folder)).collect();
            let open = self.targets.iter().filter(|other| {
                other.manifest == target.manifest && !other.is_locked() && !other.is_test()
            });
            let open: Vec<_> = open.map(|one| (one.name(), shown(&one.folder))).collect();
            abandoned.extend(left.iter().map(|folder| Abandoned {
                package: target.package.clone(),
                manifest: target.manifest.clone(),
                folder: shown(folder),
                open: open.clone(),
            }));
        }
        Ok(abandoned)
    }
}

/// The folders below `schema` that have locks.
fn lock_folders(schema: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut folders = vec![schema.to_owned()];
    for kind in ["bin", "test"] {
        let within = schema.join(kind);
        if !within.is_dir() {
            continue;
        }
        for folder in std::fs::read_dir(&within).map_err(Error::file(&within))? {
            folders.push(folder.map_err(Error::file(&within))?.path());
        }
    }
    let has_locks = |folder: &PathBuf| {
        let files = [INDEX, Kind::Event.folder(), Kind::Aggregate.folder()];
        files.iter().any(|file| folder.join(file).exists())
    };
    folders.retain(has_locks);
    folders.sort();
    Ok(folders)
}

impl Abandoned {
    /// Returns true if the target is of the same package.
    pub(crate) fn is_of(&self, target: &LockTarget) -> bool {
        self.manifest == target.manifest
    }
}

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, folder, open, .. } = self;
        write!(
            f,
            "{package}: `{folder}` has locks, and no target has its locks there, so nothing is held to them\n    \
             either: if the target was renamed, or became one of another kind, move what is in `{folder}` to \
             the folder of the target"
        )?;
        for (target, to) in open {
            write!(f, "; that of {target} is `{to}`")?;
        }
        write!(f, "\n    or:     if nothing of it is stored any more, delete `{folder}`")
    }
}

/// The targets of the packages that depend on esrs.
///
/// # Errors
/// When cargo does not know the workspace, or there is no such package.
pub(crate) fn chosen(
    manifest: Option<&Path>,
    packages: &[String],
    whole: bool,
) -> Result<Chosen, Error> {
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    let metadata = command.exec()?;
    let members = metadata.workspace_packages();
    let users = users(manifest, &members)?;
    let known: Vec<_> =
        members.iter().copied().filter(|member| users.contains(&member.id.repr)).collect();
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
    let targets: Vec<_> = targets.collect();
    let folders = targets.iter().map(|target| target.folder.clone()).collect();
    let members = members.iter().map(|member| member.name.to_string()).collect();
    let (root, is_by_name) = (metadata.workspace_root.clone().into(), !packages.is_empty());
    Ok(Chosen { targets, root, members, is_by_name, folders })
}

/// The ids of the members of a workspace that depend on esrs, by whatever way: another crate may hand it on.
fn users(manifest: Option<&Path>, members: &[&Package]) -> Result<BTreeSet<String>, Error> {
    let is_direct = |package: &&&Package| package.dependencies.iter().any(|on| on.name == "esrs");
    let mut users: BTreeSet<_> =
        members.iter().filter(is_direct).map(|package| package.id.repr.clone()).collect();
    if users.len() == members.len() {
        return Ok(users);
    }
    // What a member depends on beyond the workspace takes the whole graph to know.
    let mut command = MetadataCommand::new();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    let metadata = command.exec()?;
    let Some(graph) = metadata.resolve else { return Ok(users) };
    let is_esrs = |package: &&Package| *package.name == "esrs";
    let esrs = metadata.packages.iter().filter(is_esrs).map(|package| package.id.clone());
    let mut reached: BTreeSet<_> = esrs.collect();
    loop {
        let reaches = graph.nodes.iter().filter(|node| {
            !reached.contains(&node.id) && node.dependencies.iter().any(|on| reached.contains(on))
        });
        let next: Vec<_> = reaches.map(|node| node.id.clone()).collect();
        if next.is_empty() {
            break;
        }
        reached.extend(next);
    }
    users.extend(
        members.iter().filter(|member| reached.contains(&member.id)).map(|one| one.id.repr.clone()),
    );
    Ok(users)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
