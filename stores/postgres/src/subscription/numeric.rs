//! Numbers of PostgreSQL's `numeric`, which is what sums of `bigint` are.

use std::error::Error;

use esrs_core::projection::Value;
use tokio_postgres::types::private::BytesMut;

/// A digit counts to this.
const BASE: u64 = 10_000;
const NEGATIVE: u16 = 0x4000;

/// Writes a whole number.
pub(super) fn write(value: i64, out: &mut BytesMut) {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push((rest % BASE) as u16);
        rest /= BASE;
    }
    let weight = (digits.len() as u16).saturating_sub(1);
    let sign = if value < 0 { NEGATIVE } else { 0 };
    for head in [digits.len() as u16, weight, sign, 0] {
        out.extend_from_slice(&head.to_be_bytes());
    }
    for digit in digits.iter().rev() {
        out.extend_from_slice(&digit.to_be_bytes());
    }
}

/// An integer, where it is whole and fits; its text otherwise.
pub(super) fn read(raw: &[u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
    let mut words = raw.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
    let mut head = || words.next().ok_or("a numeric is too short");
    let (_, weight, sign, scale) = (head()?, head()?.cast_signed(), head()?, head()?);
    let digits: Vec<u16> = words.collect();
    match sign {
        0xC000 => return Ok(Value::Text("NaN".to_owned())),
        0xD000 => return Ok(Value::Text("Infinity".to_owned())),
        0xF000 => return Ok(Value::Text("-Infinity".to_owned())),
        _ => {}
    }
    let digit = |place: i32| {
        let digit = usize::try_from(place).ok().and_then(|place| digits.get(place));
        digit.copied().unwrap_or(0)
    };
    let weight = i32::from(weight);
    let mut text = String::new();
    if sign == NEGATIVE {
        text.push('-');
    }
    let whole: String = (0..=weight).map(|place| format!("{:04}", digit(place))).collect();
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    let groups = i32::from(scale).div_euclid(4) + 1;
    let mut fraction: String =
        (1..=groups).map(|place| format!("{:04}", digit(weight + place))).collect();
    fraction.truncate(scale.into());
    if fraction.bytes().all(|digit| digit == b'0')
        && let Ok(whole) = text.parse()
    {
        return Ok(Value::Integer(whole));
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(&fraction);
    }
    Ok(Value::Text(text))
}
