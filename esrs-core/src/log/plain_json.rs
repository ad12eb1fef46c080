//! A quick look at JSON as serde_json writes it: without spaces, and as a rule without rare escapes.

/// The most arrays and objects within each other that are looked at.
const DEEPEST: usize = u128::BITS as usize;

/// The depth of some JSON in arrays and objects; `None` if this look cannot tell that it is JSON, though it
/// may be.
pub(super) fn depth_of_plain(json: &str) -> Option<usize> {
    let mut text = Text { bytes: json.as_bytes(), at: 0 };
    // A bit for each array or object that is open, 1 for an object; the innermost is the lowest.
    let (mut open, mut depth, mut deepest) = (0_u128, 0_usize, 0_usize);
    loop {
        // In front of a value.
        match text.next()? {
            start @ (b'{' | b'[') => {
                if depth == DEEPEST {
                    return None;
                }
                let is_object = start == b'{';
                if text.skip(if is_object { b'}' } else { b']' }) {
                    deepest = deepest.max(depth + 1);
                } else {
                    depth += 1;
                    deepest = deepest.max(depth);
                    open = open << 1 | u128::from(is_object);
                    if is_object {
                        text.key()?;
                    }
                    continue;
                }
            }
            b'"' => text.string()?,
            b't' => text.word("rue")?,
            b'f' => text.word("alse")?,
            b'n' => text.word("ull")?,
            b'-' => {
                let first = text.next()?;
                text.number(first)?;
            }
            first => text.number(first)?,
        }
        // Behind a value.
        loop {
            if depth == 0 {
                return text.is_at_end().then_some(deepest);
            }
            match (text.next()?, open & 1 == 1) {
                (b',', true) => {
                    text.key()?;
                    break;
                }
                (b',', false) => break,
                (b'}', true) | (b']', false) => {
                    depth -= 1;
                    open >>= 1;
                }
                _ => return None,
            }
        }
    }
}

/// The bytes that do not simply stand for themselves in a string.
static ENDS_A_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        ends[control] = true;
        control += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Text<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Goes on behind `byte`, if it is the next.
    #[inline]
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline]
    fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// A key of an object, and the colon behind it.
    fn key(&mut self) -> Option<()> {
        (self.skip(b'"')).then_some(())?;
        self.string()?;
        self.skip(b':').then_some(())
    }

    /// The rest of a string.
    fn string(&mut self) -> Option<()> {
        loop {
            let byte = self.next()?;
            if !ENDS_A_RUN[usize::from(byte)] {
                continue;
            }
            match byte {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        let found = self.bytes.get(self.at..)?.starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    /// The rest of a number, behind its sign and its first digit.
    fn number(&mut self, first: u8) -> Option<()> {
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.skip(b'.') {
            self.some_digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'-') || self.skip(b'+');
            self.some_digits()?;
        }
        Some(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Option<()> {
        let start = self.at;
        self.digits();
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_json(text: &str) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    #[test]
    fn what_serde_json_writes_is_known_with_its_depth() {
        let cases = [
            ("{}", 1),
            ("[]", 1),
            ("null", 0),
            ("-0.5e-7", 0),
            (r#"{"a":[],"b":{"c":[[1,true],"x"]},"d":"é\n\"}"}"#, 4),
            (r#"[{},{"a":false},0,10,1e5,-1]"#, 2),
        ];
        for (text, depth) in cases {
            assert!(is_json(text), "{text}");
            assert_eq!(depth_of_plain(text), Some(depth), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_json() {
        let cases = [
            "",
            "{",
            "}",
            "[",
            "[1",
            "[1,]",
            "[,1]",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "{1:2}",
            r#"{"a":1]"#,
            r#"["a"}"#,
            "01",
            "-",
            "-a",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "tru",
            "nul",
            "nulll",
            "\"",
            "\"\n\"",
            r#""\"#,
            r#""\x""#,
            "1 2",
            "[1][2]",
            "NaN",
            "'a'",
            "{\"a\":1}}",
        ];
        for text in cases {
            assert!(!is_json(text), "{text}");
            assert_eq!(depth_of_plain(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_open_too_deep_is_left_to_serde_json() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(depth_of_plain(&nested(DEEPEST)), Some(DEEPEST));
        assert_eq!(depth_of_plain(&nested(129)), None);
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            let items = prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from);
            let fields = prop::collection::vec((any::<String>(), inner), 0..5);
            prop_oneof![
                items,
                fields.prop_map(|fields| Value::Object(fields.into_iter().collect()))
            ]
        })
    }

    fn depth_of(value: &serde_json::Value) -> usize {
        use serde_json::Value;
        match value {
            Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_depth_of_a_value_is_known_unless_it_has_a_rare_escape(value in value()) {
            let text = value.to_string();
            match depth_of_plain(&text) {
                Some(depth) => prop_assert_eq!(depth, depth_of(&value)),
                None => prop_assert!(text.contains("\\u")),
            }
        }

        /// A byte of it is another, or gone, or there twice.
        #[test]
        fn whatever_is_known_is_json(
            value in value(),
            (place, byte, how) in (any::<prop::sample::Index>(), 0_u8..0x80, 0..3),
        ) {
            let mut bytes = value.to_string().into_bytes();
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, byte),
            }
            if let Ok(text) = String::from_utf8(bytes)
                && depth_of_plain(&text).is_some()
            {
                prop_assert!(is_json(&text), "{}", text);
            }
        }
    }
}
