//! The names of locks as files.
//!
//! A stored name may have anything in it, and every file system must take the file, tell it from others in
//! upper and lower case, and lead back to the name.

use crate::hash::Fnv1a;

/// The file that lists all locks of a target.
pub const INDEX: &str = "index.lock";

/// The folder of the payloads that users keep of events, one folder an event.
pub const GOLDEN: &str = "golden";

/// The ending of the file of a lock.
const ENDING: &str = ".lock";

/// The longest name of a file without its ending, in bytes.
pub const MAX_STEM: usize = 250;

/// The length of the part of a longer name before its hash, in bytes.
const SHORTENED: usize = 200;

/// The separator between them, which is no letter by its number.
const HASHED: &str = "%~";

/// The two kinds of locks, each of which has a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The lock of an event.
    Event,
    /// The lock of an aggregate.
    Aggregate,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Event, Self::Aggregate];

    /// The folder of its locks.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Event => "events",
            Self::Aggregate => "aggregates",
        }
    }

    /// The kind of a file, and its name without folder and ending.
    pub fn of_file(file: &str) -> Option<(Self, &str)> {
        let (folder, name) = file.split_once('/')?;
        let kind = Self::ALL.into_iter().find(|kind| kind.folder() == folder)?;
        Some((kind, name.strip_suffix(ENDING)?))
    }

    /// The file of the lock of this name, within the folder of all locks.
    ///
    /// ```
    /// use esrs_lock::name::Kind;
    ///
    /// assert_eq!(Kind::Event.file("money:moved"), "events/money%3Amoved.lock");
    /// ```
    pub fn file(self, name: &str) -> String {
        self.file_of_stem(&stem(name))
    }

    /// The file as releases before reserved and long names called it.
    pub fn former_file(self, name: &str) -> String {
        self.file_of_stem(&former_stem(name))
    }

    fn file_of_stem(self, stem: &str) -> String {
        format!("{}/{stem}{ENDING}", self.folder())
    }
}

/// Returns true if the name of a file ends as that of a lock.
pub fn is_lock(file: &str) -> bool {
    file.ends_with(ENDING)
}

/// The name of a file that every file system takes, without folder and ending.
///
/// ```
/// use esrs_lock::name::{stem, stored_name};
///
/// assert_eq!(stem("Money"), "%4Doney");
/// assert_eq!(stored_name("%4Doney"), "Money");
/// ```
pub fn stem(stored: &str) -> String {
    let plain = former_stem(stored);
    match plain.bytes().next() {
        Some(first) if is_reserved(&plain) => format!("%{first:02X}{}", &plain[1..]),
        _ if plain.len() > MAX_STEM => {
            let mut cut = SHORTENED;
            // Not within a letter that is written by its number.
            while plain[cut - 2..cut].contains('%') {
                cut -= 1;
            }
            let begin = &plain[..cut];
            format!("{begin}{HASHED}{:016x}", Fnv1a::of(stored.as_bytes()))
        }
        _ => plain,
    }
}

/// A name as its letters are, but for those that not every file system takes: what [`stem`] was once, without
/// reserved and long names.
pub fn former_stem(stored: &str) -> String {
    let mut name = String::new();
    for byte in stored.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(byte.into()),
            b'.' if !name.is_empty() => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

/// Returns true if a name was cut, so that the text of the lock alone tells it.
pub fn is_shortened(stem: &str) -> bool {
    stem.contains(HASHED)
}

/// The name that a file is of, unless it [is shortened](is_shortened).
pub fn stored_name(stem: &str) -> String {
    let (bytes, mut name, mut i) = (stem.as_bytes(), Vec::new(), 0);
    while i < bytes.len() {
        let digits = stem.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        name.push(byte.unwrap_or(bytes[i]));
        i += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&name).into_owned()
}

/// The name that a lock is of, by its file and its text.
pub fn lock_name(file: &str, text: &str) -> String {
    let stem = file.rsplit('/').next().unwrap_or(file);
    let stem = stem.strip_suffix(ENDING).unwrap_or(stem);
    match is_shortened(stem) {
        true => crate::file::name_in(text).unwrap_or_else(|| stem.to_owned()),
        false => stored_name(stem),
    }
}

/// Returns true if Windows takes a file of this name for a device, whatever stands behind the first point.
fn is_reserved(name: &str) -> bool {
    let device = name.split('.').next().unwrap_or_default();
    let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    matches!(device, "con" | "prn" | "aux" | "nul")
        || port
            .is_some_and(|port| port.len() == 1 && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::write_event;

    #[test]
    fn every_name_has_a_file_of_its_own_and_is_read_from_it() {
        let (long, wide) = ("x".repeat(255), "ö".repeat(100));
        for name in [
            "money_deposited",
            "Money",
            "money",
            "bank/money:moved",
            ".hidden",
            "größe",
            "a.b",
            "a%20b",
            "con",
            "lpt1.of_a_printer",
            "com",
            "console",
            &long,
            &wide,
            &format!("{wide}!"),
            "\"quoted\" \u{202e}\n",
        ] {
            let file = Kind::Event.file(name);
            assert!(file.len() <= "events/".len() + 255, "{file}");
            assert_eq!(lock_name(&file, &write_event(name, &[])), name);
            assert_eq!(Kind::of_file(&file), Some((Kind::Event, stem(name).as_str())));
        }
        assert_eq!(stem("con"), "%63on");
        assert_eq!(stem("com1.port"), "%63om1.port");
        assert_ne!(stem(&long), stem(&long[1..]));
        assert!(!stem(&wide).contains("%%"));
        assert!(stem(&"ö".repeat(127)).len() <= MAX_STEM);
        assert_ne!(stem("Money").to_lowercase(), stem("money"));
    }

    #[test]
    fn a_name_is_read_from_its_file_alone_unless_it_was_cut() {
        for name in ["money", "Money", "größe", "con", ".hidden", "a%20b"] {
            assert_eq!(stored_name(&stem(name)), name);
            assert!(!is_shortened(&stem(name)));
        }
        assert!(is_shortened(&stem(&"x".repeat(251))));
    }
}
