//! From full pages to a state, compared to the bare loop: the cost of decoding by stored name.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;

use esrs::aggregate::replay;
use esrs::store::Page;
use esrs_benches::order::{Order, Samples, by_hand, page_of_current, page_of_version_1};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome, report};

/// As many as four megabytes hold, where a page is closed.
const EVENTS_OF_A_PAGE: u32 = 40_000;
/// A million events, so that they do not come from the processor's caches.
const PAGES: usize = 25;
/// The number of passes of each side over all pages. A round is one page: the shorter it is, the more alike
/// are the conditions of both sides.
const PASSES: usize = 9;

type MakePage = fn(&mut Samples, usize) -> Result<Page, Box<dyn Error>>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let bar = Bar::AtMost(1.05);
    let current = compare("decode + apply of current payloads", bar, page_of_current)?;
    let step = compare("one upcast step", bar, page_of_version_1)?;
    Ok(report(&[current, step]))
}

fn compare(name: &'static str, bar: Bar, make_page: MakePage) -> Result<Outcome, Box<dyn Error>> {
    let mut samples = Samples::new();
    let pages: Result<Vec<_>, _> =
        (0..PAGES).map(|_| make_page(&mut samples, EVENTS_OF_A_PAGE as usize)).collect();
    let pages = pages?;
    let events: Option<Vec<_>> = pages.iter().map(by_hand::events_of).collect();
    let events = events.ok_or("an event of no known name")?;
    let bytes: usize = events.iter().flatten().map(|(_, payload)| payload.len()).sum();
    let count = PAGES * EVENTS_OF_A_PAGE as usize;
    println!("{name}: {count} payloads of {} bytes on average", bytes / count);

    let (mut next_page, mut next_events) = (pages.iter().cycle(), events.iter().cycle());
    Comparison::new(name, bar, EVENTS_OF_A_PAGE, Figure::Each("event"))
        .rounds(PAGES * PASSES)
        .on_cpu(
            || {
                let mut order = Order::default();
                let page = next_page.next().ok_or("there is no page")?;
                replay(&mut order, 0, black_box(page))?;
                Ok(order)
            },
            || Ok(by_hand::fold_all(black_box(next_events.next().ok_or("there is no page")?))?),
        )
}
