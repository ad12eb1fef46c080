//! Asks the compiler what the events of a target are stored as.
//!
//! The derives know it only in const evaluation, where a panic is the one way to say anything: so the
//! target is checked with a variable set that lets each event fail with its shape as the message. Nothing
//! is run, so events in function bodies, and targets without a test harness, tell theirs too.

use std::process::Stdio;

use cargo_metadata::Message;
use cargo_metadata::diagnostic::{DiagnosticLevel, DiagnosticSpan};

use crate::error::Error;
use crate::told::Told;
use crate::workspace::{LockTarget, cargo};

/// The features that the target must be checked with.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Features {
    /// Features to activate, separated by commas
    #[arg(long, short = 'F', value_delimiter = ',')]
    features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    all_features: bool,
    /// Do not activate the feature `default`
    #[arg(long)]
    no_default_features: bool,
}

/// Asks for all that can be locked in a target.
///
/// # Errors
/// When it does not compile for another reason.
pub(crate) fn ask(target: &LockTarget, features: &Features) -> Result<Vec<Told>, Error> {
    let mut command = cargo();
    command
        .args([
            "rustc",
            "--quiet",
            "--profile",
            "check",
            "--message-format",
            "json",
            "--manifest-path",
        ])
        .arg(&target.manifest)
        .args(["--package", &target.package])
        .args(&target.flags);
    let mut wanted = features.features.clone();
    wanted.extend(target.features.iter().cloned());
    if !wanted.is_empty() {
        command.arg("--features").arg(wanted.join(","));
    }
    if features.all_features {
        command.arg("--all-features");
    }
    if features.no_default_features {
        command.arg("--no-default-features");
    }
    // Other flags than those of `cargo check`, so that what that has found is not taken for the answer.
    command.args(["--", "--cfg", "esrs_lock", "--cap-lints", "allow"]);
    // That is for other build systems.
    command.env_remove("ESRS_SCHEMA_DIR");
    command.env("ESRS_LOCK", &target.folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.output().map_err(Error::Cargo)?;

    let (mut told, mut errors) = (Vec::new(), String::new());
    for message in Message::parse_stream(output.stdout.as_slice()) {
        let Ok(Message::CompilerMessage(message)) = message else { continue };
        let message = message.message;
        if let Some((_, said)) = message.message.split_once(esrs_lock::told::PREFIX) {
            told.push(Told::parse(said, place(&message.spans), target)?);
        } else if message.level == DiagnosticLevel::Error {
            errors.push_str(message.rendered.as_deref().unwrap_or(&message.message));
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // A compiler that was killed may not have told of every event.
    let is_killed = said.contains("Caused by:");
    if errors.is_empty() && !output.status.success() && (told.is_empty() || is_killed) {
        errors = said.into_owned();
    }
    if !errors.is_empty() {
        return Err(Error::DoesNotCompile { target: target.name(), rendered: errors });
    }
    told.sort();
    told.dedup();
    Ok(told)
}

/// The file and the line that a message is about; and those of the macro call that wrote them, if there is
/// one.
fn place(spans: &[DiagnosticSpan]) -> String {
    let Some(primary) = spans.iter().find(|span| span.is_primary) else { return String::new() };
    let mut outermost = primary;
    while let Some(expansion) = &outermost.expansion {
        outermost = &expansion.span;
    }
    let line = |span: &DiagnosticSpan| format!("{}:{}", span.file_name, span.line_start);
    let (place, call) = (line(primary), line(outermost));
    if place == call { place } else { format!("{place} (called at {call})") }
}
