//! The processes of a storm, and what they said.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::child;
use crate::worker::{Part, Task};

/// The answers to the commands of all processes.
#[derive(Debug, Default)]
pub struct Said {
    /// Operations that were answered as executed.
    pub did: HashSet<String>,
    /// Operations of which nothing may be stored.
    pub did_not: HashSet<String>,
    /// Operations whose answer was lost.
    pub maybe: HashSet<String>,
    /// Answers that must never happen.
    pub wrong: Vec<String>,
    /// Errors, and how often each kind was answered.
    pub failed: BTreeMap<String, u64>,
    /// The number of times that a store could not be opened, by error.
    pub closed: BTreeMap<String, u64>,
}

impl Said {
    fn take(&mut self, word: &str, what: String) {
        let both = |what: &str| [format!("{what} 1"), format!("{what} 2")];
        match word {
            "did" => drop(self.did.insert(what)),
            "did_both" => self.did.extend(both(&what)),
            "did_not" => drop(self.did_not.insert(what)),
            "did_not_both" => self.did_not.extend(both(&what)),
            "maybe" => drop(self.maybe.insert(what)),
            "maybe_both" => self.maybe.extend(both(&what)),
            "wrong" => self.wrong.push(what),
            "failed" => *self.failed.entry(kind(&what)).or_default() += 1,
            "closed" => *self.closed.entry(kind(&what)).or_default() += 1,
            other => self.wrong.push(format!("a child said {other}: {what}")),
        }
    }
}

/// An error without its numbers.
fn kind(error: &str) -> String {
    let letters = error.chars().filter(|letter| !letter.is_ascii_digit());
    letters.take(120).collect()
}

/// A process of a storm, which is started again when it was killed.
pub struct Process {
    task: Task,
    place: String,
    child: Child,
    listener: Option<JoinHandle<()>>,
    said: Arc<Mutex<Said>>,
    /// The number of commands that it was answered as executed.
    done: Arc<AtomicU64>,
}

impl Process {
    /// Starts one over a store at this place.
    pub fn start(task: Task, place: &str, said: &Arc<Mutex<Said>>) -> Self {
        let mut child = spawn(&task, place);
        let done = Arc::new(AtomicU64::new(0));
        let listener = Some(listen(&mut child, said, &done));
        Self { task, place: place.to_owned(), child, listener, said: said.clone(), done }
    }
    /// Returns the number of commands that it was answered as executed; none, where it executes none.
    pub fn done(&self) -> Option<u64> {
        let writes = matches!(self.task.part, Part::Writer { .. });
        writes.then(|| self.done.load(Ordering::Relaxed))
    }

    fn signal(&self, signal: Signal) {
        // One that has ended by itself is found out by what it said.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills it at once, and waits until all that it said is heard.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
    }

    /// Kills it, and starts another in its place.
    pub fn replace(&mut self) {
        self.kill();
        self.task.seed = self.task.seed.wrapping_add(1_000);
        self.child = spawn(&self.task, &self.place);
        self.listener = Some(listen(&mut self.child, &self.said, &self.done));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.listener.is_some() {
            self.kill();
        }
    }
}

fn spawn(task: &Task, place: &str) -> Child {
    child::start("child", &serde_json::to_string(task).unwrap(), Path::new(place))
}

fn listen(child: &mut Child, said: &Arc<Mutex<Said>>, done: &Arc<AtomicU64>) -> JoinHandle<()> {
    let (words, said, done) = (child::said(child), said.clone(), done.clone());
    std::thread::spawn(move || {
        for (word, what) in words {
            if word.starts_with("did") && !word.starts_with("did_not") {
                done.fetch_add(1, Ordering::Relaxed);
            }
            said.lock().unwrap().take(&word, what);
        }
    })
}
