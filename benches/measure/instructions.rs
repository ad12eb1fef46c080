//! Instructions, counted by valgrind: the same figure on every run and on every busy machine.
//!
//! The program runs itself once a side under `callgrind`, which counts what happens within the
//! function `counted`.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use esrs::aggregate::replay;
use esrs::event::PayloadError;
use esrs::store::Page;
use esrs::{Aggregate, Event};
use esrs_benches::order::{
    ItemAdded, ItemAddedAsDeclared, ItemReserved, ItemReservedAsDeclared, Order, Samples, by_hand,
    page_of_current, page_of_version_1,
};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome, report};

const EVENTS: u32 = 20_000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(side) = std::env::args().nth(1).and_then(|name| Side::named(&name)) {
        side.run()?;
        return Ok(ExitCode::SUCCESS);
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("valgrind is not there: install it, and run this again".into());
    }
    Ok(report(&[
        compare("apply dispatch", Bar::AtMost(1.02), Side::Apply, Side::ApplyByHand)?,
        compare("decode + apply of current payloads", Bar::None, Side::Replay, Side::FoldByHand)?,
        compare("one upcast step", Bar::None, Side::Step, Side::StepByHand)?,
        compare("one declared step", Bar::AtMost(1.02), Side::Declared, Side::Written)?,
        compare("three declared steps", Bar::AtMost(1.02), Side::Declared3, Side::Written3)?,
    ]))
}

fn compare(
    name: &'static str,
    bar: Bar,
    ours: Side,
    by_hand: Side,
) -> Result<Outcome, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (ours, by_hand) = (ours.count(folder.path())?, by_hand.count(folder.path())?);
    let comparison = Comparison::new(name, bar, EVENTS, Figure::Each("event"));
    Ok(comparison.of_counts("instructions", ours, by_hand))
}

/// The work of one run under valgrind.
#[derive(Debug, Clone, Copy)]
enum Side {
    Apply,
    ApplyByHand,
    Replay,
    FoldByHand,
    Step,
    StepByHand,
    /// The step of an event that declares it.
    Declared,
    /// The step of the same event by an `Upcast`.
    Written,
    /// The three steps of an event that declares them.
    Declared3,
    /// The steps of the same event by three of `Upcast`.
    Written3,
}

impl Side {
    const ALL: [Self; 10] = [
        Self::Apply,
        Self::ApplyByHand,
        Self::Replay,
        Self::FoldByHand,
        Self::Step,
        Self::StepByHand,
        Self::Declared,
        Self::Written,
        Self::Declared3,
        Self::Written3,
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| format!("{side:?}") == name)
    }

    /// Counts the instructions that it takes.
    fn count(self, folder: &Path) -> Result<u64, Box<dyn Error>> {
        let counts = folder.join("counts");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted*"])
            .arg(format!("--callgrind-out-file={}", counts.display()))
            .arg(std::env::current_exe()?)
            .arg(format!("{self:?}"))
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("valgrind failed on {self:?}: {said}").into());
        }
        let counts = std::fs::read_to_string(counts)?;
        let total = counts.lines().find_map(|line| line.strip_prefix("totals: "));
        match total.map(|total| total.trim().parse()) {
            Some(Ok(total)) if total > 0 => Ok(total),
            _ => Err(format!("valgrind counted nothing for {self:?}").into()),
        }
    }

    fn page(self) -> Result<Page, Box<dyn Error>> {
        let (mut samples, count) = (Samples::new(), EVENTS as usize);
        match self {
            Self::Replay | Self::FoldByHand => page_of_current(&mut samples, count),
            _ => page_of_version_1(&mut samples, count),
        }
    }

    fn run(self) -> Result<(), Box<dyn Error>> {
        let mut order = Order::default();
        match self {
            Self::Apply => {
                let events: Vec<_> = Samples::new().take(EVENTS as usize).collect();
                counted(|| events.into_iter().for_each(|event| order.apply_event(event)));
            }
            Self::ApplyByHand => {
                let events: Vec<_> = Samples::new().take(EVENTS as usize).collect();
                counted(|| events.into_iter().for_each(|event| by_hand::apply(&mut order, event)));
            }
            Self::Replay | Self::Step => {
                let page = self.page()?;
                counted(|| replay(&mut order, 0, &page))?;
            }
            Self::FoldByHand | Self::StepByHand => {
                let page = self.page()?;
                let events = by_hand::events_of(&page).ok_or("an event of no known name")?;
                order = counted(|| by_hand::fold_all(&events))?;
            }
            Self::Declared => {
                let page = self.page()?;
                counted(|| decoded::<ItemAddedAsDeclared>(&page))?;
            }
            Self::Written => {
                let page = self.page()?;
                counted(|| decoded::<ItemAdded>(&page))?;
            }
            Self::Declared3 => {
                let page = self.page()?;
                counted(|| decoded::<ItemReservedAsDeclared>(&page))?;
            }
            Self::Written3 => {
                let page = self.page()?;
                counted(|| decoded::<ItemReserved>(&page))?;
            }
        }
        black_box(order);
        Ok(())
    }
}

/// Reads every payload of a page as the newest version of an event.
fn decoded<E: Event>(page: &Page) -> Result<(), PayloadError> {
    for record in page.records() {
        black_box(E::decode(record.kind().version, record.payload())?);
    }
    Ok(())
}

/// The work that valgrind counts; found by this name.
#[inline(never)]
fn counted<T>(side: impl FnOnce() -> T) -> T {
    side()
}
