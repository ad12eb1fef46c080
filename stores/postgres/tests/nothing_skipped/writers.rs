//! Eight writers in three processes, as the test sees them.

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use uuid::Uuid;

use crate::process::Process;
use crate::write::{Role, Rule};

/// The number of writers through the store, and by SQL, in each process.
const PROCESSES: [(usize, usize); 3] = [(2, 1), (1, 2), (1, 1)];

/// The answers that writers got.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Where appends are stored, and the id of the first event of each.
    pub(crate) stored: Vec<(u64, Uuid)>,
    /// Events that were rolled back.
    pub(crate) undone: Vec<Uuid>,
}

impl Told {
    pub(crate) fn take(&mut self, word: &str, what: &str) {
        match word {
            "stored" => {
                let (position, id) = what.split_once(' ').unwrap();
                self.stored.push((position.parse().unwrap(), id.parse().unwrap()));
            }
            "undone" => self.undone.push(what.parse().unwrap()),
            other => panic!("nobody says {other:?}"),
        }
    }
}

pub(crate) struct Writers {
    rule: Rule,
    url: String,
    dice: TestRng,
    running: Vec<Process>,
    pub(crate) told: Told,
    pub(crate) killed: usize,
}

impl Writers {
    pub(crate) fn start(rule: Rule, url: &str, dice: TestRng) -> Self {
        let (url, running, told) = (url.to_owned(), Vec::new(), Told::default());
        let mut writers = Self { rule, url, dice, running, told, killed: 0 };
        writers.running = (0..PROCESSES.len()).map(|number| writers.process(number)).collect();
        writers
    }

    fn process(&mut self, number: usize) -> Process {
        let (through_store, by_sql) = PROCESSES[number];
        let role = Role { rule: self.rule, through_store, by_sql, seed: self.dice.random() };
        Process::start(&role.to_string(), &self.url)
    }

    /// Kills one process, whichever, and starts another in its place.
    pub(crate) fn kill_one(&mut self) {
        self.running.iter_mut().for_each(Process::assert_running);
        let number = self.dice.random_range(0..PROCESSES.len());
        let next = self.process(number);
        std::mem::replace(&mut self.running[number], next).kill(&mut self.told);
        self.killed += 1;
    }

    pub(crate) fn kill_all(&mut self) {
        for process in self.running.drain(..) {
            process.kill(&mut self.told);
            self.killed += 1;
        }
    }
}
