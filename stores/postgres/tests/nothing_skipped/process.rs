//! A process that writes, and is killed.

use std::process::Child;
use std::sync::mpsc::Receiver;

use crate::child;
use crate::writers::Told;

pub(crate) struct Process {
    child: Child,
    said: Receiver<(String, String)>,
}

impl Process {
    pub(crate) fn start(role: &str, url: &str) -> Self {
        let mut child = child::start("child", role, url.as_ref());
        let said = child::said(&mut child);
        Self { child, said }
    }

    /// Fails if a process has ended by itself: it has met something that it did not expect.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "a process of writers ended by itself: {ended:?}");
    }

    /// Kills it by SIGKILL, and takes down what it was told before.
    pub(crate) fn kill(mut self, told: &mut Told) {
        self.assert_running();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Ok((word, what)) = self.said.recv() {
            told.take(&word, &what);
        }
    }
}

impl Drop for Process {
    /// A test that fails leaves nobody behind.
    fn drop(&mut self) {
        let ended = self.child.try_wait().map(|ended| ended.is_some());
        if !matches!(ended, Ok(true))
            && let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop))
        {
            eprintln!("a process of writers is left behind: {error}");
        }
    }
}
