//! Ends a server whose owner did not: one that was killed, aborted, or left it in a `static`.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;

/// Waits for the end of its input, which comes with the end of the process that holds the other end, in
/// whatever way; a line before that sends it home. The first line of the file is the server's
/// process.
const SCRIPT: &str = r#"
read -r _ && exit
if read -r server 2>/dev/null <"$1/data/postmaster.pid"; then
    kill -QUIT "$server"
    for _ in $(seq 100); do kill -0 "$server" || break; sleep 0.1; done
fi 2>/dev/null
for _ in $(seq 20); do rm -rf "$1" && [ ! -e "$1" ] && break; sleep 0.1; done
"#;

/// A process that stops the server and removes its directory when this process ends without having
/// done so.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) fn of(directory: &Path) -> Result<Self, Error> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(directory).current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What a terminal tells this process is not for the guard.
        shell.process_group(0);
        Ok(Self(shell.spawn().map_err(Error::program(Path::new("sh")))?))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // One that does not listen any more has gone home already.
            let _ = input.write_all(b"home\n");
        }
        let _ = self.0.wait();
    }
}
