//! The `sslmode` of a url: what the driver knows of it, and what it leaves open.

use std::net::IpAddr;

use esrs_core::{BoxError, StoreError};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::said;

const DOING: &str = "opening the store";

/// Reads a url, or the driver's `key=value` form.
///
/// `verify-full` demands encryption; that the certificate is that of the host is up to the connector, whose
/// own default never accepts another. A url without `sslmode` demands encryption outside of this machine: the
/// driver would send a password in clear to any server that answers that it does not encrypt.
pub(crate) fn config_of(url: &str, encrypts: bool) -> Result<Config, StoreError> {
    let failed = |source: BoxError| StoreError::Database { doing: DOING, source };
    let (url, given) = without_verify(url).map_err(failed)?;
    let mut config: Config = url.parse().map_err(|error| failed(said(&error).into()))?;
    if !given && encrypts && !is_of_this_machine(&config) {
        config.ssl_mode(SslMode::Require);
    }
    Ok(config)
}

/// Returns true if every host is reached without a network: by a socket, or by the loopback interface.
fn is_of_this_machine(config: &Config) -> bool {
    let is_loopback = |address: &IpAddr| address.to_canonical().is_loopback();
    // An address is what is connected to, whatever the name beside it.
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            let address = name.trim_start_matches('[').trim_end_matches(']').parse();
            name.eq_ignore_ascii_case("localhost")
                || address.is_ok_and(|address| is_loopback(&address))
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// Returns the url with a mode that the driver knows, and whether it names any.
fn without_verify(url: &str) -> Result<(String, bool), BoxError> {
    let mut modes = modes_of(url);
    // The last one holds, as it does for the driver.
    let Some(last) = modes.pop() else { return Ok((url.to_owned(), false)) };
    match &*last.value {
        "verify-full" => {
            let (before, after) = (&url[..last.start], &url[last.end..]);
            Ok((format!("{before}require{after}"), true))
        }
        "verify-ca" => Err("expected an sslmode that checks the name of the server too, found \
                            `verify-ca`; write `sslmode=verify-full`, or give a connector of your own by \
                            `PostgresStoreBuilder::tls` together with `sslmode=require`"
            .into()),
        _ => Ok((url.to_owned(), true)),
    }
}

/// A value of `sslmode`, and where it stands.
struct Mode {
    value: String,
    start: usize,
    end: usize,
}

fn modes_of(url: &str) -> Vec<Mode> {
    match url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
        Some(rest) => modes_of_query(url, url.len() - rest.len()),
        None => modes_of_pairs(url),
    }
}

/// Those behind the `?` of a url.
fn modes_of_query(url: &str, scheme: usize) -> Vec<Mode> {
    // A password may hold a question mark; it ends with the first `@`, as it does for the driver.
    let credentials = url[scheme..].find('@').map_or(scheme, |at| scheme + at);
    let Some(query) = url[credentials..].find('?').map(|mark| credentials + mark + 1) else {
        return Vec::new();
    };
    let mut start = query;
    let mut modes = Vec::new();
    for pair in url[query..].split('&') {
        if let Some((key, value)) = pair.split_once('=')
            && decoded(key) == "sslmode"
        {
            let start = start + key.len() + 1;
            modes.push(Mode { value: decoded(value), start, end: start + value.len() });
        }
        start += pair.len() + 1;
    }
    modes
}

/// A text whose bytes may be written as `%41`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = match (first, behind) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(digits.unwrap_or(*first));
        rest = if digits.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Those of `key = value` pairs, whose values may be quoted.
fn modes_of_pairs(text: &str) -> Vec<Mode> {
    let mut modes = Vec::new();
    let mut rest = text.char_indices().peekable();
    loop {
        while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let mut key = String::new();
        while let Some((_, c)) = rest.next_if(|(_, c)| !c.is_whitespace() && *c != '=') {
            key.push(c);
        }
        while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        // What is no pair is refused by the driver.
        if rest.next_if(|(_, c)| *c == '=').is_none() {
            return modes;
        }
        while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let start = rest.peek().map_or(text.len(), |(at, _)| *at);
        let is_quoted = rest.next_if(|(_, c)| *c == '\'').is_some();
        let mut value = String::new();
        while let Some((_, c)) =
            rest.next_if(|(_, c)| if is_quoted { *c != '\'' } else { !c.is_whitespace() })
        {
            match c {
                '\\' => value.extend(rest.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        if is_quoted {
            rest.next();
        }
        let end = rest.peek().map_or(text.len(), |(at, _)| *at);
        if key == "sslmode" {
            modes.push(Mode { value, start, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(url: &str) -> SslMode {
        config_of(url, true).expect(url).get_ssl_mode()
    }

    #[test]
    fn remote_host_without_sslmode_demands_encryption() {
        for url in [
            "postgres://bank@db.example/bank",
            "postgres://bank:sslmode=disable@db.example/bank",
            "postgres://bank:a?sslmode=prefer@db.example/bank",
            "postgres://bank@db.example/bank?application_name=sslmode",
            "postgresql://bank@10.0.0.1",
            "postgres://bank@[2001:db8::1]/bank",
            "postgres://bank@0.0.0.0/bank",
            "postgres://bank@localhost,db.example/bank",
            "postgres://bank@localhost/bank?hostaddr=10.0.0.1",
            "postgres://bank@localhost.example/bank",
            "host=db.example user=bank password='sslmode=disable'",
            "host = db.example user = bank password = 'it\\'s sslmode=disable'",
        ] {
            assert_eq!(mode_of(url), SslMode::Require, "{url}");
        }
    }

    #[test]
    fn host_of_this_machine_without_sslmode_is_asked() {
        for url in [
            "postgres://bank@localhost/bank",
            "postgres://bank@LOCALHOST/bank",
            "postgres://bank@127.0.0.1:5433/bank",
            "postgres://bank@127.8.8.8/bank",
            "postgres://bank@[::1]/bank",
            "postgres://bank@/bank?host=/run/postgresql",
            "postgres://bank@%2Frun%2Fpostgresql/bank",
            "postgres://bank@db.example/bank?hostaddr=127.0.0.1",
            "host=/run/postgresql user=bank",
            "host=::ffff:127.0.0.1 user=bank",
        ] {
            assert_eq!(mode_of(url), SslMode::Prefer, "{url}");
        }
    }

    #[test]
    fn given_sslmode_holds() {
        for (url, mode) in [
            ("postgres://bank@db.example/bank?sslmode=disable", SslMode::Disable),
            ("postgres://bank@db.example/bank?a=b&sslmode=prefer", SslMode::Prefer),
            ("postgres://bank@localhost/bank?sslmode=require", SslMode::Require),
            ("postgres://bank@localhost/bank?sslmode=verify-full", SslMode::Require),
            (
                "postgres://bank@localhost/bank?ssl%6Dode=verify%2Dfull&connect_timeout=3",
                SslMode::Require,
            ),
            ("host=localhost sslmode=verify-full user=bank", SslMode::Require),
            ("host=localhost sslmode = 'verify-full'", SslMode::Require),
            ("host=db.example sslmode=prefer user=bank", SslMode::Prefer),
        ] {
            let url = url.replace("a=b&", "application_name=a&");
            assert_eq!(mode_of(&url), mode, "{url}");
        }
    }

    #[test]
    fn verify_ca_is_refused_with_what_to_write() {
        for url in ["postgres://bank@db.example/bank?sslmode=verify-ca", "host=a sslmode=verify-ca"]
        {
            let error = config_of(url, true).unwrap_err().to_string();
            assert!(error.contains("sslmode=verify-full"), "{error}");
        }
    }

    #[test]
    fn store_that_cannot_encrypt_demands_nothing() {
        let config = config_of("postgres://bank@db.example/bank", false).unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Prefer);
    }
}
