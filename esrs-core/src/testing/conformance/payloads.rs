//! A payload comes back as the text that it was.

use super::support::{append, batch, event_with, new_stream, stored};
use crate::store::EventStore;

/// Any JSON comes back byte for byte, alone and next to others.
///
/// # Panics
/// When the store breaks the promise.
pub async fn any_json_comes_back_byte_for_byte(store: &dyn EventStore) {
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let payloads = [
        "null",
        "true",
        "0",
        "-0.0",
        "\"\"",
        "{}",
        "[]",
        "  { \"spaces\" :\t[ 1 ,\r\n 2 ] } \n",
        // The order of keys, and a key that stands twice, are the text's own.
        r#"{"z":1,"a":2,"m":3,"z":4}"#,
        r#""quote \" backslash \\ slash \/ / \b\f\n\r\t""#,
        r#""escaped \u0041\u010d \u0000 \u001f""#,
        r#"{"\u0000":"\u0000"}"#,
        // Halves of a surrogate pair are text like any other, while nobody decodes them.
        r#""pair \ud83d\ude00, halves \ud83d and \ude00""#,
        "\"Příliš žluťoučký kůň 😀 👩‍👩‍👧 \u{1d11e} \u{7f} \u{2028} \u{feff} \u{fffd} \u{10ffff}\"",
        // One letter and its two spellings: nothing is normalised.
        "[\"\u{e9}\",\"e\u{301}\"]",
        "[9007199254740993,18446744073709551616,-9223372036854775809]",
        "123456789012345678901234567890123456789012345678901234567890",
        "[1.0,1.10,0.1000000000000000055511151231257827,1e5,1E+400,-1e-400]",
        r#""'; DROP TABLE events; -- $1 ? :name {} %s""#,
        &nested,
    ];
    let alone = new_stream("alone");
    for payload in payloads {
        append(store, batch(&alone, vec![event_with(payload)])).await;
    }
    let together = new_stream("together");
    append(store, batch(&together, payloads.map(event_with).to_vec())).await;
    for stream in [alone, together] {
        let found = stored(store, &stream).await;
        assert_eq!(found.len(), payloads.len(), "{stream} lost events with unusual payloads");
        for (event, payload) in found.iter().zip(payloads) {
            assert_eq!(event.payload, payload, "a payload is not the text that it was");
        }
    }
}

/// A payload of more than a megabyte comes back byte for byte, between small ones.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_large_payload_comes_back_byte_for_byte(store: &dyn EventStore) {
    let stream = new_stream("megabyte");
    let mut large = String::from("\"");
    while large.len() < 1_100_000 {
        // Characters of one to four bytes, so that no chunk ends well by chance.
        large.push_str(&format!("{} aš€😀 \\\" ", large.len()));
    }
    large.push('"');
    let payloads = [String::from("1"), large, String::from("2")];
    append(store, batch(&stream, payloads.clone().map(event_with).to_vec())).await;
    let found = stored(store, &stream).await;
    let found: Vec<_> = found.into_iter().map(|event| event.payload).collect();
    let lengths: Vec<_> = found.iter().map(String::len).collect();
    assert!(
        found == payloads,
        "a large payload is not the text that it was; the payloads are {lengths:?} bytes long"
    );
}
