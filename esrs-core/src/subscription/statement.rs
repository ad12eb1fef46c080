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
    let mut words = without_comments(sql).split(|letter: char| !letter.is_ascii_alphabetic());
    let first = words.next().unwrap_or_default();
    let mut is_followed_by = |word: &str| words.any(|other| other.eq_ignore_ascii_case(word));
    let ends = match &*first.to_ascii_uppercase() {
        "BEGIN" | "START" | "COMMIT" | "END" | "ABORT" => true,
        "ROLLBACK" => !is_followed_by("TO"),
        // Two-phase commit; otherwise it names a statement.
        "PREPARE" => words.next().is_some_and(|next| next.eq_ignore_ascii_case("TRANSACTION")),
        _ => false,
    };
    if !ends {
        return Ok(());
    }
    let source = format!("`{first}` would end the transaction of the step, which ends by itself");
    let doing = "running a statement of a subscription";
    Err(StoreError::Database { doing, source: BoxError::from(source) })
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
            "PREPARE TRANSACTION 'it'",
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
            "ROLLBACK TRANSACTION TO here",
            "RELEASE here",
            "PREPARE named AS SELECT 1",
            "INSERT INTO ends VALUES ('COMMIT')",
            "UPDATE beginnings SET at = 1",
        ] {
            assert!(check_statement(sql).is_ok(), "{sql}");
        }
    }
}
