//! `cargo esrs schema`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use esrs_core::escaped;

use crate::contract::{Contract, asyncapi, bundle, documents, markdown};
use crate::error::Error;
use crate::workspace::chosen;

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// The format of the contract
    #[arg(long, short, value_enum)]
    format: Format,
    /// A file (`….json`, `….md`), or a folder with a folder in it for each package; the contract is
    /// printed without it
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// The package whose events are meant
    #[arg(long, short, value_name = "NAME")]
    package: Vec<String>,
    /// All packages of the workspace that have locks
    #[arg(long)]
    workspace: bool,
    /// The manifest of the package
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// JSON Schema, draft 2020-12: in a folder a document for each event, else one with all of them
    JsonSchema,
    /// AsyncAPI 3.0, as JSON: a document for each program
    Asyncapi,
    /// A page for people, for each program
    Markdown,
}

impl Schema {
    pub(crate) fn run(&self) -> Result<ExitCode, Error> {
        let contracts = self.contracts()?;
        match &self.output {
            None => {
                let text = self.format.whole(&contracts)?;
                // Whoever reads it may have read enough.
                match std::io::stdout().write_all(text.as_bytes()) {
                    Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                        return Err(Error::file(Path::new("stdout"))(error));
                    }
                    _ => {}
                }
            }
            Some(path) if is_file(path) => write(path, &self.format.whole(&contracts)?)?,
            Some(folder) => {
                for contract in &contracts {
                    for (file, text) in self.format.files(contract) {
                        write(&contract.folder(folder).join(file), &text)?;
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The contracts of what is locked.
    fn contracts(&self) -> Result<Vec<Contract>, Error> {
        let mut contracts = Vec::new();
        let mut unlocked: Vec<String> = Vec::new();
        let all = chosen(self.manifest_path.as_deref(), &self.package, self.workspace)?.targets;
        for package in all.chunk_by(|one, other| one.package == other.package) {
            let before = contracts.len();
            // Nobody else reads what a test stores.
            for target in package.iter().filter(|target| !target.is_test()) {
                contracts.extend(Contract::read(target)?);
            }
            if contracts.len() == before {
                unlocked.extend(package.first().map(|target| target.package.clone()));
            }
        }
        let unlocked = unlocked.join(", ");
        if contracts.is_empty() {
            return Err(Error::NothingLocked(unlocked));
        }
        if !unlocked.is_empty() {
            warn!("note: nothing is locked of {unlocked}, which is left out");
        }
        Ok(contracts)
    }
}

impl Format {
    /// The files of one contract.
    fn files(self, contract: &Contract) -> Vec<(String, String)> {
        match self {
            Self::JsonSchema => documents(contract),
            Self::Asyncapi => vec![("asyncapi.json".to_owned(), asyncapi(contract))],
            Self::Markdown => vec![("events.md".to_owned(), markdown(contract))],
        }
    }

    /// All contracts in one text.
    fn whole(self, contracts: &[Contract]) -> Result<String, Error> {
        match (self, contracts) {
            (Self::JsonSchema, _) => Ok(bundle(contracts)),
            (Self::Asyncapi, [only]) => Ok(asyncapi(only)),
            (Self::Asyncapi, _) => {
                let titles: Vec<_> = contracts.iter().map(|one| one.title.as_str()).collect();
                Err(Error::SeveralPrograms(titles.join(", ")))
            }
            (Self::Markdown, _) => {
                let pages: Vec<_> = contracts.iter().map(markdown).collect();
                Ok(pages.join("\n"))
            }
        }
    }
}

fn is_file(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    path.is_file() || matches!(ending, Some("json" | "md")) && !path.is_dir()
}

/// Writes a file when it is another than the one there, and says so.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    std::fs::write(path, text).map_err(Error::file(path))?;
    say!("wrote {}", escaped(path.display()));
    Ok(())
}
