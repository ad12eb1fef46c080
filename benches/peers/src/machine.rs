//! Where and when it was measured.

use std::fs;
use std::process::Command;

use postgres_server::Server;

use crate::peer::Tried;

/// One line: the day, the processor, its cores, and PostgreSQL's version.
pub(crate) fn describe(server: &Server) -> Tried<String> {
    let day = Command::new("date").args(["-u", "+%F"]).output()?.stdout;
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| model.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism()?;
    let version = postgres_server::server_version(&server.url())?;
    Ok(format!(
        "{}, {} on {}, {cores} cores of {model}, PostgreSQL {version} as `initdb` makes it.",
        String::from_utf8_lossy(&day).trim(),
        std::env::consts::OS,
        std::env::consts::ARCH,
    ))
}
