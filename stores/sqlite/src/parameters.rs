//! The parameters of statements that a user has written.

use esrs_core::projection::Value;
use rusqlite::Statement;

use crate::error::Fault;
use crate::value::Bound;

/// The style in which a statement names its parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `$1`, as for every store.
    Dollar,
    /// The same, or `?1`, which older programs have.
    DollarOrQuestionMark,
}

/// Binds the n-th value to `$n`, or to `?n` in a statement that has no `$n`.
///
/// SQLite itself numbers `$n` by where they come first, and a `?1` behind a `$2` is the same parameter to
/// it, without a word about that; so a statement that has both is refused.
pub(crate) fn bind(
    doing: &'static str,
    sql: &str,
    statement: &mut Statement<'_>,
    values: &[Value],
    style: Style,
) -> Result<(), Fault> {
    let refuse = |reason: String| Err(Fault::said(doing, reason));
    let (mut is_used, mut has_named) = (vec![false; values.len()], false);
    let mut highest = 0;
    for place in 1..=statement.parameter_count() {
        let Some(name) = statement.parameter_name(place).map(str::to_owned) else {
            // A `?`, or a number that was skipped.
            match has_question_mark_alone(sql) {
                true => return refuse("parameters are `$1`, `$2` …, and this has `?`".to_owned()),
                false => continue,
            }
        };
        let number = match style {
            Style::Dollar => name.strip_prefix('$'),
            Style::DollarOrQuestionMark => name.strip_prefix(['$', '?']),
        };
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let Some(number) = number.filter(|&number| number > 0) else {
            return refuse(format!("parameters are `$1`, `$2` …, and this has `{name}`"));
        };
        has_named |= name.starts_with('$');
        highest = highest.max(number);
        if let Some(value) = values.get(number - 1) {
            is_used[number - 1] = true;
            statement.raw_bind_parameter(place, Bound(value))?;
        }
    }
    if has_named && code(sql).any(|byte| byte == b'?') {
        return refuse("parameters are `$1`, `$2` …, and this has `?` as well".to_owned());
    }
    if highest != values.len() {
        let given = values.len();
        return refuse(format!(
            "its highest parameter is ${highest}, and it was given {given} values"
        ));
    }
    match is_used.iter().position(|is_used| !is_used) {
        Some(unused) => refuse(format!("it does not use its parameter ${}", unused + 1)),
        None => Ok(()),
    }
}

/// Returns true if a `?` stands in it without a number.
fn has_question_mark_alone(sql: &str) -> bool {
    let mut bytes = code(sql).peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'?' && !bytes.peek().is_some_and(u8::is_ascii_digit) {
            return true;
        }
    }
    false
}

/// The bytes of a statement that compiles, without those of its texts, names in quotes and comments.
fn code(sql: &str) -> impl Iterator<Item = u8> + '_ {
    let mut rest = sql.as_bytes();
    std::iter::from_fn(move || {
        let (&first, behind) = rest.split_first()?;
        let end: &[u8] = match (first, behind.first()) {
            // A quote within a text stands there twice, which is two texts here.
            (b'\'', _) => b"'",
            (b'"', _) => b"\"",
            (b'`', _) => b"`",
            (b'[', _) => b"]",
            (b'-', Some(b'-')) => b"\n",
            (b'/', Some(b'*')) => b"*/",
            _ => {
                rest = behind;
                return Some(first);
            }
        };
        // The `*` of an opening is not that of the end.
        let skipped = if end.len() == 2 { 2 } else { 1 };
        rest = rest.get(skipped..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        rest = found.and_then(|found| rest.get(found + end.len()..)).unwrap_or_default();
        // What stands on both sides of it is not one word.
        Some(b' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_names_and_comments_are_left_out() {
        for (sql, expected) in [
            ("a = '?' AND \"?\" = `?` AND [?] = 1", "a =   AND   =   AND   = 1"),
            ("'it''s ?' -- ?\n, ? /* ? */ /*/ ? */ x", "    , ?     x"),
            ("'open ?", " "),
            ("a - b / c -- ?", "a - b / c  "),
        ] {
            let left: Vec<_> = code(sql).collect();
            assert_eq!(String::from_utf8(left).unwrap(), expected, "{sql}");
        }
        assert!(has_question_mark_alone("a = ?") && has_question_mark_alone("a = ? + ?1"));
        assert!(!has_question_mark_alone("a = ?1 AND b = '?'"));
    }
}
