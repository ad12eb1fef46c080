//! Comparisons of two ways to do the same work.
//!
//! What a busy machine adds to a figure, it adds for minutes: a benchmark that measures one side
//! after the other compares two moments, not two programs. Here the sides take turns, round by
//! round, and each round has a ratio of its own, of which the median counts.

use std::fmt;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The bar of a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// It is no higher.
    AtMost(f64),
    /// It is no lower.
    AtLeast(f64),
    /// Nothing: it is for information.
    None,
}

impl Bar {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
            Self::None => true,
        }
    }
}

/// The figure of a round, and the figures that its ratio is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The cost of each unit of work: the ratio is of the costs, and lower is better.
    Each(&'static str),
    /// The units of work per second: the ratio is of the speeds, and higher is better.
    Rate(&'static str),
}

impl Figure {
    /// The ratio of two rounds that cost so much.
    fn ratio(self, ours: f64, by_hand: f64) -> f64 {
        match self {
            Self::Each(_) => ours / by_hand,
            Self::Rate(_) => by_hand / ours,
        }
    }
}

/// Two ways to do the same work, on their way to a ratio.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    name: &'static str,
    bar: Bar,
    units: u32,
    figure: Figure,
    rounds: usize,
}

impl Comparison {
    /// A comparison of this name, held to `bar`; each round does `units` units of work.
    pub fn new(name: &'static str, bar: Bar, units: u32, figure: Figure) -> Self {
        Self { name, bar, units, figure, rounds: 21 }
    }

    /// The same comparison in so many rounds, one at least.
    #[must_use]
    pub fn rounds(self, rounds: usize) -> Self {
        Self { rounds: rounds.max(1), ..self }
    }

    /// Measures the time that passes while each side works, in turn.
    ///
    /// # Errors
    /// The first error of either side.
    pub fn elapsed<T, U, E>(
        self,
        mut ours: impl FnMut() -> Result<T, E>,
        mut by_hand: impl FnMut() -> Result<U, E>,
    ) -> Result<Outcome, E> {
        self.run(|| elapsed(&mut ours), || elapsed(&mut by_hand))
    }

    /// Measures the time that this thread spends on a processor with each side, in turn; for work
    /// that waits for nobody. It is blind to the pauses that other programs cause. Where the system
    /// does not tell it, it is the time that passes.
    ///
    /// # Errors
    /// The first error of either side.
    pub fn on_cpu<T, U, E>(
        self,
        mut ours: impl FnMut() -> Result<T, E>,
        mut by_hand: impl FnMut() -> Result<U, E>,
    ) -> Result<Outcome, E> {
        self.run(|| on_cpu(&mut ours), || on_cpu(&mut by_hand))
    }

    /// Compares costs that the sides measure themselves, in turn.
    ///
    /// # Errors
    /// The first error of either side.
    pub fn run<E>(
        self,
        mut ours: impl FnMut() -> Result<Duration, E>,
        mut by_hand: impl FnMut() -> Result<Duration, E>,
    ) -> Result<Outcome, E> {
        ours()?;
        by_hand()?;
        let mut rounds = Vec::with_capacity(self.rounds);
        for round in 0..self.rounds {
            // Who goes first goes second the next time, so that neither always finds the caches warm.
            let (a, b);
            if round % 2 == 0 {
                a = ours()?;
                b = by_hand()?;
            } else {
                b = by_hand()?;
                a = ours()?;
            }
            rounds.push((a.as_secs_f64() * 1e9, b.as_secs_f64() * 1e9));
        }
        Ok(Outcome { comparison: self, unit: "ns", rounds })
    }

    /// Compares counts, which are the same whenever they are taken.
    pub fn of_counts(self, unit: &'static str, ours: u64, by_hand: u64) -> Outcome {
        Outcome { comparison: self, unit, rounds: vec![(ours as f64, by_hand as f64)] }
    }
}

fn elapsed<T, E>(side: &mut impl FnMut() -> Result<T, E>) -> Result<Duration, E> {
    let start = Instant::now();
    let done = side()?;
    let elapsed = start.elapsed();
    // What was made is dropped after the clock has stopped.
    black_box(done);
    Ok(elapsed)
}

fn on_cpu<T, E>(side: &mut impl FnMut() -> Result<T, E>) -> Result<Duration, E> {
    let Some(start) = thread_time() else { return elapsed(side) };
    let done = side()?;
    let end = thread_time();
    black_box(done);
    Ok(end.unwrap_or(start).saturating_sub(start))
}

/// Returns the time that this thread has been on a processor.
fn thread_time() -> Option<Duration> {
    // The kernel brings the figure up to date when it looks for who is next.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().map(Duration::from_nanos).ok()
}

/// The result of a comparison. It prints as one line.
#[derive(Debug, Clone)]
pub struct Outcome {
    comparison: Comparison,
    unit: &'static str,
    /// The cost of each round: esrs, and by hand.
    rounds: Vec<(f64, f64)>,
}

impl Outcome {
    /// The median of the rounds' ratios: what is held to the bar.
    pub fn ratio(&self) -> f64 {
        median(self.ratios())
    }

    /// The ratio of the fastest round of each side.
    pub fn ratio_of_fastest(&self) -> f64 {
        let (ours, by_hand) = self.fastest();
        self.comparison.figure.ratio(ours, by_hand)
    }

    /// Returns whether the bar is met.
    pub fn is_met(&self) -> bool {
        self.comparison.bar.is_met(self.ratio())
    }

    fn ratios(&self) -> Vec<f64> {
        self.rounds.iter().map(|&(a, b)| self.comparison.figure.ratio(a, b)).collect()
    }

    fn fastest(&self) -> (f64, f64) {
        let least = |costs: &mut dyn Iterator<Item = f64>| costs.fold(f64::INFINITY, f64::min);
        (
            least(&mut self.rounds.iter().map(|round| round.0)),
            least(&mut self.rounds.iter().map(|round| round.1)),
        )
    }

    /// The median cost of a round, in words.
    fn figure(&self, nanoseconds_or_count: f64) -> String {
        let units = f64::from(self.comparison.units);
        match self.comparison.figure {
            Figure::Each(what) => {
                let (unit, each) = (self.unit, nanoseconds_or_count / units);
                if unit == "ns" && each >= 1e6 {
                    format!("{:.1} ms/{what}", each / 1e6)
                } else {
                    format!("{each:.1} {unit}/{what}")
                }
            }
            Figure::Rate(what) => format!("{:.0} {what}/s", units * 1e9 / nanoseconds_or_count),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.3}", self.comparison.name, self.ratio())?;
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        match self.comparison.bar {
            Bar::AtMost(most) => write!(f, " (bar <= {most}, {verdict})")?,
            Bar::AtLeast(least) => write!(f, " (bar >= {least}, {verdict})")?,
            Bar::None => write!(f, " (no bar)")?,
        }
        if let [_, _, ..] = &self.rounds[..] {
            let ratios = self.ratios();
            let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let high = ratios.iter().copied().fold(0.0, f64::max);
            let (rounds, fastest) = (self.rounds.len(), self.ratio_of_fastest());
            write!(f, " | {rounds} rounds {low:.3}..{high:.3}, fastest/fastest {fastest:.3}")?;
        }
        let ours = self.figure(median(self.rounds.iter().map(|round| round.0).collect()));
        let by_hand = self.figure(median(self.rounds.iter().map(|round| round.1).collect()));
        write!(f, " | esrs {ours}, by hand {by_hand}")
    }
}

/// The middle of some values; of none, not a number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

/// Prints the outcomes, one a line; a bar that was missed is the program's failure.
pub fn report(outcomes: &[Outcome]) -> ExitCode {
    for outcome in outcomes {
        println!("{outcome}");
    }
    if outcomes.iter().all(Outcome::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(bar: Bar, figure: Figure, rounds: &[(u64, u64)]) -> Outcome {
        let comparison = Comparison::new("work", bar, 10, figure);
        let mut rounds_of_ours = rounds.iter();
        let mut rounds_by_hand = rounds.iter();
        // The warm-up counts for nothing, so it may cost anything.
        let (mut warm_ours, mut warm_by_hand) = (true, true);
        let side = |cost: u64| Ok::<_, ()>(Duration::from_nanos(cost));
        comparison
            .rounds(rounds.len())
            .run(
                || match std::mem::take(&mut warm_ours) {
                    true => side(1_000_000),
                    false => side(rounds_of_ours.next().unwrap().0),
                },
                || match std::mem::take(&mut warm_by_hand) {
                    true => side(1),
                    false => side(rounds_by_hand.next().unwrap().1),
                },
            )
            .unwrap()
    }

    #[test]
    fn one_disturbed_round_does_not_move_the_ratio() {
        let outcome = outcome(
            Bar::AtMost(1.05),
            Figure::Each("event"),
            &[(102, 100), (102, 100), (900, 100)],
        );
        assert!((outcome.ratio() - 1.02).abs() < 1e-9);
        assert!(outcome.is_met());
        assert_eq!(
            outcome.to_string(),
            "work: 1.020 (bar <= 1.05, met) | 3 rounds 1.020..9.000, fastest/fastest 1.020 \
             | esrs 10.2 ns/event, by hand 10.0 ns/event"
        );
    }

    #[test]
    fn a_cost_beyond_the_bar_is_missed_and_said_so() {
        let outcome = outcome(Bar::AtMost(1.05), Figure::Each("event"), &[(106, 100)]);
        assert!(!outcome.is_met());
        assert!(outcome.to_string().starts_with("work: 1.060 (bar <= 1.05, MISSED)"));
    }

    #[test]
    fn a_rate_is_higher_where_the_cost_is_lower() {
        assert!(outcome(Bar::AtLeast(5.0), Figure::Rate("commands"), &[(100, 501)]).is_met());
        assert!(!outcome(Bar::AtLeast(5.0), Figure::Rate("commands"), &[(100, 499)]).is_met());
    }

    #[test]
    fn an_error_of_a_side_ends_the_comparison() {
        let comparison = Comparison::new("work", Bar::None, 1, Figure::Rate("commands"));
        let failed = comparison.elapsed(|| Ok(()), || Err::<(), _>("no disk"));
        assert_eq!(failed.unwrap_err(), "no disk");
    }
}
