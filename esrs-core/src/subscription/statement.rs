//! What a statement of a subscriber may not do.

use crate::{BoxError, StoreError};

/// Refuses a statement that would end the transaction of a step, or begin another: the checkpoint would
/// be stored without the rest. To go back to a savepoint is allowed.
///
/// Every store asks this of what [`Transaction`](super::Transaction) is given.
///
/// ```
/// use esrs_core::subscription::check_statement;
///
/// assert!(check_statement("ROLLBACK TO SAVEPOINT before").is_ok());
/// let refused = check_statement("-- done\n commit").unwrap_err();
/// assert!(refused.to_string().contains("`commit` would end the transaction of the step"));
/// ```
///
/// # Errors
/// [`StoreError::Database`], which names the word.
pub fn check_statement(sql: &str) -> Result<(), StoreError> {
    let mut rest = sql;
    let first = next_word(&mut rest);
    let mut next = || next_word(&mut rest).to_ascii_uppercase();
    let ends = match &*first.to_ascii_uppercase() {
        "BEGIN" | "START" | "COMMIT" | "END" | "ABORT" => true,
        "ROLLBACK" => match &*next() {
            "WORK" | "TRANSACTION" => next() != "TO",
            other => other != "TO",
        },
        // Two-phase commit; otherwise it names a statement.
        "PREPARE" => next() == "TRANSACTION",
        _ => false,
    };
    if !ends {
        return Ok(());
    }
    let source = format!("`{first}` would end the transaction of the step, which ends by itself");
    let doing = "running a statement of a subscription";
    Err(StoreError::Database { doing, source: BoxError::from(source) })
}

/// The word that a statement goes on with, if it is one.
fn next_word<'a>(sql: &mut &'a str) -> &'a str {
    let rest = without_comments(sql);
    let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    *sql = behind;
    word
}

/// What stands behind the comments that a statement begins with.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let behind = match rest.get(..2) {
            Some("--") => rest.split_once('\n'),
            Some("/*") => rest.split_once("*/"),
            _ => return rest,
        };
        rest = behind.map_or("", |(_, behind)| behind.trim_start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_the_transaction_is_refused_behind_comments_too() {
        for sql in [
            "BEGIN",
            "start transaction",
            "Commit;",
            "END",
            "abort",
            " rollback",
            "ROLLBACK AND CHAIN",
            "ROLLBACK; -- back to the start",
            "ROLLBACK WORK /* to go on */",
            "PREPARE  TRANSACTION 'it'",
            "-- now\n /* all */ COMMIT",
        ] {
            assert!(check_statement(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn what_stays_within_the_transaction_is_allowed() {
        for sql in [
            "",
            "/* COMMIT",
            "-- COMMIT",
            "SAVEPOINT here",
            "ROLLBACK  TO here",
            "rollback transaction to savepoint here",
            "RELEASE here",
            "PREPARE named AS SELECT 1",
            "INSERT INTO ends VALUES ('COMMIT')",
            "UPDATE beginnings SET at = 1",
        ] {
            assert!(check_statement(sql).is_ok(), "{sql}");
        }
    }
}
