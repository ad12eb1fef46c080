//! What a folder held at another commit.

use std::path::Path;
use std::process::Command;

use crate::error::Error;

/// The files below `folder` at `reference`, by their path within it, with their text.
///
/// # Errors
/// When git cannot be asked, or does not know the reference.
pub(crate) fn files_at(reference: &str, folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let package = folder.ancestors().find(|path| path.is_dir()).unwrap_or(folder);
    let root = git(package, reference, &["rev-parse", "--show-toplevel"])?;
    let root = Path::new(root.trim_end());
    let root = root.canonicalize().map_err(Error::file(root))?;
    let below = package.canonicalize().map_err(Error::file(package))?;
    let rest = folder.strip_prefix(package).unwrap_or(Path::new(""));
    let below = below.strip_prefix(&root).unwrap_or(&below).join(rest);
    let below = below.to_string_lossy().replace('\\', "/");
    git(
        &root,
        reference,
        &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")],
    )?;
    let listed =
        git(&root, reference, &["ls-tree", "-r", "-z", "--name-only", reference, "--", &below])?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| path.ends_with(".lock")) {
        let text = git(&root, reference, &["show", &format!("{reference}:{path}")])?;
        let within = path.strip_prefix(&below).unwrap_or(path).trim_start_matches('/');
        files.push((within.to_owned(), text.replace("\r\n", "\n")));
    }
    Ok(files)
}

fn git(at: &Path, reference: &str, arguments: &[&str]) -> Result<String, Error> {
    let failed = |said: String| Error::Git { reference: reference.to_owned(), said };
    let output = Command::new("git").current_dir(at).args(arguments).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let said = if said.is_empty() { "it does not know it".to_owned() } else { said };
        return Err(failed(said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
