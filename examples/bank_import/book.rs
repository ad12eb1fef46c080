//! The bank's book: a CSV file in Latin-1, a transaction a row.

use std::fmt;
use std::path::Path;

use csv::ByteRecord;
use jiff::civil::Date;

use crate::account::{AccountId, Book, Booking, Counterparty, Direction, Means};

/// A small book of our own invention, for a run without a file.
const INVENTED: &[u8] = include_bytes!("invented_book.csv");

/// The rows of a book that can be booked, in its order, and those that cannot.
#[derive(Default)]
pub(crate) struct Rows {
    pub good: Vec<(AccountId, Book)>,
    pub malformed: Vec<Malformed>,
}

/// A row that cannot be booked.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed {
    pub line: u64,
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Reads the book at `path`, or the invented one.
pub(crate) fn read(path: Option<&Path>) -> std::io::Result<Rows> {
    Ok(match path {
        Some(path) => parse(&std::fs::read(path)?),
        None => parse(INVENTED),
    })
}

pub(crate) fn parse(bytes: &[u8]) -> Rows {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(bytes);
    let mut rows = Rows::default();
    let mut record = ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => return rows,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                match row(&record) {
                    Ok(good) => rows.good.push(good),
                    Err(reason) => rows.malformed.push(Malformed { line, reason }),
                }
            }
            Err(error) => rows.malformed.push(Malformed { line, reason: error.to_string() }),
        }
    }
}

fn row(record: &ByteRecord) -> Result<(AccountId, Book), String> {
    if record.len() != 10 {
        return Err(format!("there are {} columns, and there should be 10", record.len()));
    }
    let text = |column: usize| latin1(&record[column]);
    let direction = match &*text(3) {
        "PRIJEM" => Direction::Credit,
        "VYDAJ" | "VYBER" => Direction::Debit,
        other => return Err(format!("{other:?} is no type of transaction")),
    };
    let means = match &*text(4) {
        "VKLAD" | "VYBER" => Means::Cash,
        "VYBER KARTOU" => Means::Card,
        "PREVOD NA UCET" | "PREVOD Z UCTU" => Means::Transfer,
        "" => Means::Interest,
        other => return Err(format!("{other:?} is no operation")),
    };
    let purpose = match &*text(7) {
        "" | " " => None,
        "UROK" => Some("interest"),
        "SLUZBY" => Some("statement fee"),
        "SIPO" => Some("household"),
        "DUCHOD" => Some("pension"),
        "POJISTNE" => Some("insurance"),
        "UVER" => Some("loan"),
        "SANKC. UROK" => Some("sanction interest"),
        other => return Err(format!("{other:?} is no purpose")),
    };
    let (bank, account) = (text(8), text(9));
    let counterparty =
        (!bank.is_empty() || !account.is_empty()).then_some(Counterparty { bank, account });
    let booking = Booking {
        transaction: number(&text(0), "transaction")?,
        on: date(&text(2))?,
        cents: cents(&text(5))?,
        means,
        purpose: purpose.map(str::to_owned),
        counterparty,
    };
    Ok((AccountId(number(&text(1), "account")?), Book { direction, booking }))
}

/// Every byte of Latin-1 is the Unicode character of the same number.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn number(text: &str, what: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} is no number of a {what}"))
}

/// `930131`; the book is of the last century.
fn date(text: &str) -> Result<Date, String> {
    let part = |range| text.get(range).and_then(|part: &str| part.parse::<i8>().ok());
    match (text.len(), part(0..2), part(2..4), part(4..6)) {
        (6, Some(year), Some(month), Some(day)) => {
            Date::new(1900 + i16::from(year), month, day).ok()
        }
        _ => None,
    }
    .ok_or_else(|| format!("{text:?} is no date (YYMMDD)"))
}

/// `1000.50` as 100050, without a float on the way.
fn cents(text: &str) -> Result<i64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exact = !whole.is_empty() && fraction.len() <= 2 && digits(whole) && digits(fraction);
    exact
        .then(|| format!("{whole}{fraction:0<2}").parse().ok())
        .flatten()
        .ok_or_else(|| format!("{text:?} is no amount"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_the_cent() {
        assert_eq!(cents("700.00"), Ok(70_000));
        assert_eq!(cents("0.1"), Ok(10));
        assert_eq!(cents("14"), Ok(1_400));
        for wrong in ["", ".5", "1.005", "-3.00", "1e3", "12,5", "99999999999999999999"] {
            assert_eq!(cents(wrong), Err(format!("{wrong:?} is no amount")));
        }
    }

    #[test]
    fn a_malformed_row_is_named_by_its_line_and_the_others_are_there() {
        let book = "\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\";\"k_symbol\";\"bank\";\"account\"\n\
            1;7;930101;\"PRIJEM\";\"VKLAD\";10.00;10.00;\"\";;\n\
            2;7;931301;\"PRIJEM\";\"VKLAD\";10.00;10.00;\"\";;\n\
            3;7;930102\n\
            4;7;930102;\"VYDAJ\";\"VYBER\";5.00;5.00;\"\";;\n";
        let rows = parse(book.as_bytes());
        assert_eq!(rows.good.len(), 2);
        let malformed: Vec<_> = rows.malformed.iter().map(ToString::to_string).collect();
        assert_eq!(
            malformed,
            [
                "line 3: \"931301\" is no date (YYMMDD)",
                "line 4: there are 3 columns, and there should be 10",
            ]
        );
    }
}
