//! A message of the compiler, filled in from a template.

use esrs_lock::outline::{Text, begins_with, slice};
use esrs_lock::text::ConstText;

/// A message, or a piece of one.
pub(super) type Message = ConstText<8192>;

/// A value that stands in a message for the `{name}` of a template.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    /// Words of this crate, or of the user's source.
    Words(&'a str),
    /// Decimal digits.
    Number(u64),
    /// A range of a lock, as it is written there.
    Text(Text<'a>),
    /// The path of a part, in backticks.
    Path(Text<'a>),
    /// A name without the quotes of a lock, because the template has quotes around it.
    Name(Text<'a>),
}

/// Writes a template with its values: `{name}` stands for one of them, `{{` and `}}` for a brace. A name without
/// a value stays as it is, which the table of all messages would show.
pub(super) const fn fill(text: &mut Message, template: &str, values: &[(&str, Value<'_>)]) {
    let all = Text::of(template.as_bytes());
    let mut i = 0;
    while i < all.len() {
        let byte = all.byte(i);
        if (byte == b'{' || byte == b'}') && i + 1 < all.len() && all.byte(i + 1) == byte {
            text.push_byte(byte);
            i += 2;
            continue;
        }
        let mut end = i;
        while byte == b'{' && end < all.len() && all.byte(end) != b'}' {
            end += 1;
        }
        if end > i
            && end < all.len()
            && let Some(value) = find(values, slice(all, i + 1, end))
        {
            push(text, value);
            i = end + 1;
        } else {
            text.push_byte(byte);
            i += 1;
        }
    }
}

const fn find<'a>(values: &[(&str, Value<'a>)], name: Text<'_>) -> Option<Value<'a>> {
    let mut i = 0;
    while i < values.len() {
        if name.is(values[i].0.as_bytes()) {
            return Some(values[i].1);
        }
        i += 1;
    }
    None
}

const fn push(text: &mut Message, value: Value<'_>) {
    match value {
        Value::Words(words) => text.push(words),
        Value::Number(number) => text.push_number(number),
        Value::Text(range) => range.push_to(text),
        Value::Path(path) => push_quoted_path(text, path),
        Value::Name(name) => unquoted(name).push_to(text),
    }
}

/// Writes a path in backticks.
pub(super) const fn push_quoted_path(text: &mut Message, path: Text<'_>) {
    text.push("`");
    if path.is_empty() {
        text.push("(the payload)");
    } else if begins_with(path, b".") {
        slice(path, 1, path.len()).push_to(text);
    } else {
        path.push_to(text);
    }
    text.push("`");
}

/// A name without the quotes that a lock writes it in.
const fn unquoted(name: Text<'_>) -> Text<'_> {
    let is_quoted = name.len() >= 2 && name.byte(0) == b'"';
    if is_quoted { slice(name, 1, name.len() - 1) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_braces_are_kept() {
        let (path, name) = (Text::of(b".a.b"), Text::of(b"\"two words\""));
        let values = [
            ("n", Value::Number(7)),
            ("path", Value::Path(path)),
            ("name", Value::Name(name)),
            ("whole", Value::Path(Text::EMPTY)),
        ];
        let mut text = Message::new();
        fill(&mut text, "{n} {{ {path} }} \"{name}\" {whole} {other} {", &values);
        assert_eq!(text.as_str(), "7 { `a.b` } \"two words\" `(the payload)` {other} {");
    }
}
