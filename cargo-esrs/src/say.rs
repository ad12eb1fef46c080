//! Output of the command line, without characters that a terminal obeys: names of files and of locked parts
//! come from elsewhere.

use std::fmt::Display;

use esrs_core::escaped;

/// A text of several lines, each without what a terminal obeys or does not show.
pub(crate) fn lines(text: impl Display) -> String {
    let text = text.to_string();
    let line =
        |line: &str| line.split('\t').map(|part| escaped(part).to_string()).collect::<Vec<_>>();
    text.split('\n').map(|one| line(one).join("\t")).collect::<Vec<_>>().join("\n")
}

/// Prints a line.
macro_rules! say {
    ($($part:tt)*) => { println!("{}", $crate::say::lines(format_args!($($part)*))) };
}

/// Prints a line to the standard error.
macro_rules! warn {
    ($($part:tt)*) => { eprintln!("{}", $crate::say::lines(format_args!($($part)*))) };
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lines_and_tabs_are_left_and_the_rest_is_escaped() {
        assert_eq!(lines("a\n\tb\n"), "a\n\tb\n");
        assert_eq!(lines("a\u{1b}[31m\r\n\u{202e}\u{9b}"), "a\\u{1b}[31m\\r\n\\u{202e}\\u{9b}");
    }
}
