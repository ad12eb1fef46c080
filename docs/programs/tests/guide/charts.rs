//! The charts of the page on performance are drawn from the tables that the benchmarks printed.
//!
//! `BLESS=1 cargo test -p esrs-guide --test guide` draws them again; look at them before you commit.

use std::fmt::Write as _;
use std::fs;

use crate::markdown::{pages_folder, root};

/// The width of a chart: narrow, so that its text can be read on a phone.
const WIDTH: f64 = 480.0;
/// The distance of the drawing from the edge of its card.
const MARGIN: f64 = 20.0;
/// The place of the first row, below title and subtitle.
const TOP: f64 = 72.0;
/// The height of a row: its label, and the mark below it.
const ROW: f64 = 38.0;

/// The rows of the table between two anchors of a file, without its head; one text per cell.
fn table(file: &str, anchor: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let (_, below) = text.split_once(&format!("<!-- ANCHOR: {anchor} -->")).unwrap();
    let (table, _) = below.split_once(&format!("<!-- ANCHOR_END: {anchor} -->")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The number that a cell begins with, such as 57,250 of `57,250/s (57,052–65,045)`.
fn number(cell: &str) -> f64 {
    let end = cell.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.');
    let digits = &cell[..end.unwrap_or(cell.len())];
    let number = digits.trim_end_matches(',').replace(',', "").parse();
    number.unwrap_or_else(|_| panic!("{cell:?} does not begin with a number"))
}

/// A row of a chart: its label, its value, and the value as it is shown.
struct Row {
    label: String,
    value: f64,
    shown: String,
}

impl Row {
    fn is_ours(&self) -> bool {
        self.label.starts_with("esrs")
    }
}

/// The rows of the table of libraries, with the values of one column.
fn peers(column: usize, unit: &str) -> Vec<Row> {
    let rows = table("benches/peers/README.md", "peers").into_iter();
    rows.map(|cells| {
        let first = cells[column].split([' ', '/']).next().unwrap();
        let (label, value) = (cells[0].clone(), number(&cells[column]));
        Row { label, value, shown: format!("{first}{unit}") }
    })
    .collect()
}

/// The rows of the tables of esrs and code by hand, as the speed of esrs: of times the inverse ratio.
fn by_hand() -> Vec<Row> {
    let mut rows = Vec::new();
    for (anchor, store) in [("sqlite", "SQLite"), ("postgres", "PostgreSQL")] {
        for cells in table("benches/README.md", anchor) {
            let [measurement, ratio, bar, ..] = cells.as_slice() else { panic!("{cells:?}") };
            // Of the time of a build, and of two runs of esrs: neither is a speed compared to code by hand.
            let others = [
                "cargo check",
                "the same, locked",
                "an event of 2,000 lines",
                "the same, all of them renamed",
                "one event type of ten",
            ];
            if others.iter().any(|other| measurement.starts_with(other)) {
                continue;
            }
            let ratio = number(ratio);
            let is_rate = bar.starts_with('\u{2265}') || cells[3].ends_with("/s");
            let value = if is_rate { ratio } else { 1.0 / ratio };
            let label = format!("{measurement}, {store}");
            rows.push(Row { label, value, shown: format!("{value:.2}") });
        }
    }
    rows
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A card with title and subtitle. It has a background of its own, so that it can be read on a dark page.
fn card(title: &str, subtitle: &str, rows: &[Row], drawing: &str) -> String {
    let height = TOP + ROW * rows.len() as f64 + MARGIN;
    let values: Vec<_> = rows.iter().map(|row| format!("{} {}", row.label, row.shown)).collect();
    let label = escaped(&format!("{title}, {subtitle}: {}", values.join("; ")));
    let (title, subtitle) = (escaped(title), escaped(subtitle));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="14" fill="#222" role="img" aria-label="{label}">
  <rect width="{WIDTH}" height="{height}" rx="10" fill="#fff"/>
  <text x="{MARGIN}" y="32" font-size="17" font-weight="bold">{title}</text>
  <text x="{MARGIN}" y="52" font-size="13" fill="#555">{subtitle}</text>
{drawing}</svg>
"##
    )
}

/// Horizontal bars from zero, each with its label above and its value to the right.
fn bars(title: &str, subtitle: &str, rows: &[Row]) -> String {
    let longest = rows.iter().map(|row| row.value).fold(0.0, f64::max);
    let space = WIDTH - 2.0 * MARGIN - 76.0;
    let mut drawing = String::new();
    for (place, row) in rows.iter().enumerate() {
        let y = TOP + ROW * place as f64;
        let width = (space * row.value / longest).max(2.0);
        let color = if row.is_ours() { "#1f6feb" } else { "#8b949e" };
        let (label, value) = (escaped(&row.label), escaped(&row.shown));
        let (text, bar, end) = (y + 13.0, y + 19.0, MARGIN + width + 6.0);
        writeln!(drawing, r##"  <text x="{MARGIN}" y="{text}" font-size="13">{label}</text>"##)
            .unwrap();
        writeln!(
            drawing,
            r##"  <rect x="{MARGIN}" y="{bar}" width="{width:.1}" height="12" rx="2" fill="{color}"/>"##
        )
        .unwrap();
        writeln!(
            drawing,
            r##"  <text x="{end:.1}" y="{}" font-size="13" font-weight="bold">{value}</text>"##,
            bar + 11.0
        )
        .unwrap();
    }
    card(title, subtitle, rows, &drawing)
}

/// Dots on a logarithmic scale around 1, with a line from 1 to each.
fn dots(title: &str, subtitle: &str, rows: &[Row]) -> String {
    let (low, high) = (0.5_f64, 16.0_f64);
    let space = WIDTH - 2.0 * MARGIN - 40.0;
    let x = |value: f64| MARGIN + space * (value / low).ln() / (high / low).ln();
    let ticks = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
    let bottom = TOP + ROW * rows.len() as f64 + 14.0;
    let mut drawing = String::new();
    for tick in ticks {
        let at = x(tick);
        writeln!(
            drawing,
            r##"  <text x="{at:.1}" y="{bottom}" font-size="12" fill="#555" text-anchor="middle">{tick}</text>"##
        )
        .unwrap();
    }
    for (place, row) in rows.iter().enumerate() {
        assert!((low..=high).contains(&row.value), "{} is off the scale", row.label);
        let y = TOP + ROW * place as f64;
        let (from, to, dot) = (x(1.0), x(row.value), y + 25.0);
        let (label, value) = (escaped(&row.label), escaped(&row.shown));
        let end = from.max(to) + 9.0;
        writeln!(
            drawing,
            r##"  <text x="{MARGIN}" y="{}" font-size="13">{label}</text>"##,
            y + 13.0
        )
        .unwrap();
        for tick in ticks {
            let (at, color) = (x(tick), if tick == 1.0 { "#555" } else { "#d8dee4" });
            let (top, bottom) = (dot - 8.0, dot + 8.0);
            writeln!(drawing, r##"  <path d="M{at:.1} {top}V{bottom}" stroke="{color}"/>"##)
                .unwrap();
        }
        writeln!(
            drawing,
            r##"  <path d="M{from:.1} {dot}H{to:.1}" stroke="#1f6feb" stroke-width="3"/><circle cx="{to:.1}" cy="{dot}" r="5" fill="#1f6feb"/><text x="{end:.1}" y="{}" font-size="13" font-weight="bold" stroke="#fff" stroke-width="4" paint-order="stroke">{value}</text>"##,
            dot + 5.0
        )
        .unwrap();
    }
    card(title, subtitle, rows, &drawing)
}

fn charts() -> [(&'static str, String); 4] {
    let more = "commands per second on PostgreSQL; more is better";
    let less = "milliseconds on PostgreSQL; less is better";
    [
        ("by_hand", dots("esrs and code by hand", "speed; code by hand is 1", &by_hand())),
        ("one_client", bars("One client", more, &peers(1, "/s"))),
        ("many_clients", bars("64 tasks, 1,000 accounts", more, &peers(2, "/s"))),
        ("load", bars("Load of 10,000 events", less, &peers(3, " ms"))),
    ]
}

#[test]
fn charts_show_the_figures_of_the_benchmarks() {
    for (name, drawn) in charts() {
        let file = pages_folder().join(format!("images/performance_{name}.svg"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &drawn).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(drawn, committed, "{} is not what the tables say", file.display());
    }
}

#[test]
fn cells_are_read_as_numbers() {
    assert_eq!(number("57,250/s (57,052–65,045)"), 57_250.0);
    assert_eq!(number("4,515/s (4,215–4,601), 1.09 tries each"), 4_515.0);
    assert_eq!(number("5.13 ms"), 5.13);
    assert_eq!(number("0.917"), 0.917);
}
