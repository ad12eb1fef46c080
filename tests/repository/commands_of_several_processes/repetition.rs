//! Commands that are sent several times, by processes that are killed meanwhile.

use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use esrs::prelude::*;
use esrs::{ExecuteError, LoadError, StoreError};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;

use super::account::{Account, CENTS, Close, Move};
use super::answers::{Answer, Effect, Sending};
use super::child::{self, say};
use super::log;
use super::round::{dice, dice_of, round};

const PROCESSES: usize = 2;
const TASKS: usize = 4;
const COMMANDS_OF_AN_ACCOUNT: u64 = 25;

fn commands() -> u64 {
    round(150, 1_000)
}

fn kills_of_a_process() -> usize {
    round(4, 25)
}

/// The commands that each process sends: each is the business of three of the four tasks.
fn sendings_of(process: usize) -> impl Iterator<Item = Sending> {
    let tasks = (0..TASKS).filter(move |task| task % PROCESSES == process);
    tasks.flat_map(|task| {
        let commands = (0..commands())
            .filter(move |command| !(command + task as u64).is_multiple_of(TASKS as u64));
        commands.map(move |command| Sending { task, command })
    })
}

/// In which order a task sends its commands: tasks 0 and 1, of two processes, in the same.
fn order_of(task: usize, seed: u64) -> Vec<u64> {
    let mut dice = dice_of(seed.wrapping_add(task.max(1) as u64));
    (0..commands()).map(|_| dice.random()).collect()
}

fn account(command: u64) -> String {
    (command / COMMANDS_OF_AN_ACCOUNT).to_string()
}

fn key(command: u64) -> String {
    format!("command {command}")
}

fn movement(command: u64) -> Move {
    Move { command, is_deposit: command.is_multiple_of(3) }
}

/// Where a process finds what it is to send, a line each.
fn list(file: &Path, process: &str) -> PathBuf {
    file.with_extension(format!("to-send-{process}"))
}

/// Sends what is on the list of the process, task by task, and says each answer.
pub(crate) async fn send(process: &str, file: &str) {
    let list = std::fs::read_to_string(list(Path::new(file), process)).unwrap();
    let accounts = Repository::<Account>::new(SqliteStore::open(file).await.unwrap());
    let mut by_task = HashMap::<_, Vec<_>>::new();
    for sending in list.lines().map(|line| line.parse::<Sending>().unwrap()) {
        by_task.entry(sending.task).or_default().push(sending);
    }
    let tasks: Vec<_> = by_task
        .into_values()
        .map(|sendings| {
            let accounts = accounts.clone();
            tokio::spawn(async move {
                for sending in sendings {
                    say("answer", answer_to(&accounts, sending).await);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn answer_to(accounts: &Repository<Account>, sending: Sending) -> Answer {
    let command = sending.command;
    loop {
        let executed = accounts
            .execute(&account(command), movement(command))
            .idempotency_key(key(command))
            .await;
        let accepted = match executed {
            Ok(executed) => Some((Effect::from(&executed), executed.was_repeated())),
            Err(ExecuteError::Rejected(_)) => None,
            Err(ExecuteError::Conflict { .. }) => {
                say("conflict", "");
                continue;
            }
            Err(
                ExecuteError::Store(StoreError::Busy { .. })
                | ExecuteError::Load(LoadError::Store(StoreError::Busy { .. })),
            ) => {
                say("busy", "");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        return Answer { sending, accepted };
    }
}

/// The results of one process and its successors.
#[derive(Default)]
struct Lives {
    answers: Vec<Answer>,
    kills: usize,
    conflicts: usize,
    busy: usize,
}

/// Starts a process, kills it, starts it again with what it had no answer for and some of what it
/// had, and lets the last one end by itself.
fn lead(process: usize, file: &Path, order: u64, mut dice: TestRng) -> Lives {
    let orders: Vec<_> = (0..TASKS).map(|task| order_of(task, order)).collect();
    let mut all: Vec<_> = sendings_of(process).collect();
    all.sort_by_key(|sending| orders[sending.task][sending.command as usize]);
    let between_kills = 2 * all.len() / kills_of_a_process();
    let mut open: HashSet<_> = all.iter().copied().collect();
    let mut accepted = HashSet::new();
    let mut lives = Lives::default();
    for is_last in (0..=kills_of_a_process()).map(|life| life == kills_of_a_process()) {
        let to_send =
            all.iter().filter(|sending| open.contains(sending) || dice.random_ratio(1, 20));
        let lines: Vec<_> = to_send.map(Sending::to_string).collect();
        std::fs::write(list(file, &process.to_string()), lines.join("\n")).unwrap();
        let mut child = child::start(super::CHILD, &format!("send {process}"), file);
        let accepted_before = accepted.clone();
        let mut left = dice.random_range(0..between_kills);
        for (word, what) in child::said(&mut child) {
            match word.as_str() {
                "answer" => {}
                "conflict" => {
                    lives.conflicts += 1;
                    continue;
                }
                _ => {
                    lives.busy += 1;
                    continue;
                }
            }
            let answer: Answer = what.parse().unwrap();
            let command = answer.sending.command;
            open.remove(&answer.sending);
            if answer.accepted.is_some() {
                accepted.insert(command);
            }
            let is_repetition = answer.accepted.is_some_and(|(_, repeated)| repeated);
            assert!(
                is_repetition || !accepted_before.contains(&command),
                "command {command} had an answer, and is handled again: {answer:?}"
            );
            lives.answers.push(answer);
            if left == 0 && !is_last {
                std::thread::sleep(Duration::from_micros(dice.random_range(0..3_000)));
                child.kill().unwrap();
            }
            left = left.saturating_sub(1);
        }
        let status = child.wait().unwrap();
        if status.signal().is_some() {
            lives.kills += 1;
        } else {
            assert!(status.success() && open.is_empty(), "{status}, {} open", open.len());
        }
    }
    lives
}

/// The effect of each command according to the log.
fn effects(found: &[log::Found]) -> HashMap<u64, Effect> {
    let mut events = HashMap::<_, Vec<_>>::new();
    for event in found {
        events.entry(event.payload["command"].as_u64().unwrap()).or_default().push(event);
    }
    let effects = events.into_iter().map(|(command, events)| {
        let expected: &[_] =
            if movement(command).is_deposit { &["deposited"] } else { &["withdrawn", "noted"] };
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, expected, "what command {command} came to");
        let last = events[events.len() - 1];
        let (version, position) = (last.version, last.position);
        (command, Effect { version, event_count: events.len() as u64, position })
    });
    effects.collect()
}

#[tokio::test]
async fn commands_that_are_repeated_by_processes_that_are_killed_take_effect_once_with_one_answer()
{
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let mut dice = dice();
    let order = dice.random();
    let led: Vec<_> = (0..PROCESSES)
        .map(|process| {
            let (file, dice) = (file.clone(), dice_of(dice.random()));
            std::thread::spawn(move || lead(process, &file, order, dice))
        })
        .collect();
    let lives: Vec<_> = led.into_iter().map(|lives| lives.join().unwrap()).collect();

    let store = SqliteStore::open(&file).await.unwrap();
    let effects = effects(&log::read(&store).await);
    let (mut firsts, mut repeated, mut rejected) = (HashSet::new(), 0, 0);
    let mut answered = HashSet::new();
    for answer in lives.iter().flat_map(|lives| &lives.answers) {
        let Sending { command, .. } = answer.sending;
        let Some((effect, was_repeated)) = answer.accepted else {
            rejected += 1;
            continue;
        };
        assert_eq!(effects.get(&command), Some(&effect), "an answer to command {command}");
        answered.insert(command);
        if was_repeated {
            repeated += 1;
        } else {
            assert!(firsts.insert(command), "command {command} was executed anew twice");
        }
    }
    assert_eq!(answered.len(), effects.len(), "a command took effect, and no one was told");

    // Closed accounts reject everything: what is still answered was decided before.
    let accounts = Repository::<Account>::new(store.clone());
    let names: HashSet<_> = (0..commands()).map(account).collect();
    for name in &names {
        let loaded = accounts.load(name).await.unwrap();
        let of_it = effects.keys().filter(|&&command| account(command) == *name);
        let moved = of_it.map(|&command| if movement(command).is_deposit { 1 } else { -1 });
        assert_eq!(i64::try_from(loaded.cents / CENTS).unwrap(), moved.sum::<i64>());
        accounts.execute(name, Close).await.unwrap();
    }
    for command in 0..commands() {
        let answer = answer_to(&accounts, Sending { task: TASKS, command }).await;
        let expected = effects.get(&command).map(|&effect| (effect, true));
        assert_eq!(answer.accepted, expected, "command {command} on a closed account");
    }

    let sum = |of: fn(&Lives) -> usize| lives.iter().map(of).sum::<usize>();
    let (kills, answers) = (sum(|lives| lives.kills), sum(|lives| lives.answers.len()));
    assert!(kills > 0 && rejected > 0, "kills {kills}, rejected {rejected}");
    println!(
        "commands {}, kills {kills}, answers {answers}: first {}, repeated {repeated}, rejected \
         {rejected}; effects {}, first answers lost {}, conflicts {}, busy {}",
        commands(),
        firsts.len(),
        effects.len(),
        effects.len() - firsts.len(),
        sum(|lives| lives.conflicts),
        sum(|lives| lives.busy),
    );
}
