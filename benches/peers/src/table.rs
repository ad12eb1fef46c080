//! The Markdown table.

use crate::measure::median;
use crate::row::Row;

/// Prints the medians of the rounds, and what became of the balances.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "| | one client | 64 tasks, 1,000 accounts | load of 10,000 events | command after 100,000 \
         events | after 10 | ratio |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows.iter().filter(|row| row.failed.is_none()) {
        println!("{}", line(row));
    }
    println!();
    for row in rows {
        match (row.wrong.as_slice(), &row.failed) {
            (_, Some(error)) => println!("- {}: **failed**: {error}", row.name),
            ([], None) => println!("- {}: the balances are what was acknowledged", row.name),
            (wrong, None) => println!("- {}: **wrong balances**: {}", row.name, wrong.join("; ")),
        }
    }
}

fn line(row: &Row) -> String {
    let (one, many) = (rate(&row.one_client), rate(&row.many_tasks));
    let load = milliseconds(median(&mut row.load.clone()));
    let long = median(&mut row.after_long.clone());
    let short = median(&mut row.after_short.clone());
    let ratio = long / short;
    let (long, short) = (milliseconds(long), milliseconds(short));
    format!(
        "| {} | {one} | {many}{} | {load} | {long} | {short} | {ratio:.2} |",
        row.name,
        tries(row)
    )
}

/// The median, and the lowest and the highest round.
fn rate(rounds: &[f64]) -> String {
    let mut sorted = rounds.to_vec();
    let middle = grouped(median(&mut sorted));
    match sorted.as_slice() {
        [low, .., high] => format!("{middle}/s ({}–{})", grouped(*low), grouped(*high)),
        _ => format!("{middle}/s"),
    }
}

fn tries(row: &Row) -> String {
    match median(&mut row.tries.clone()) {
        few if few < 1.005 => String::new(),
        tries => format!(", {tries:.2} tries each"),
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

/// With a comma before each three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
