//! The `sslmode` of a url: what the driver knows of it, and what it leaves open.

use std::net::IpAddr;

use esrs_core::{BoxError, StoreError};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::said;

const DOING: &str = "opening the store";

/// No option of a connection string has a longer name.
const LONGEST_OPTION: usize = 32;

/// Reads a url, or the driver's `key=value` form.
///
/// `verify-full` demands encryption; that the certificate is that of the host is up to the connector, whose
/// own default never accepts another. A url without `sslmode` demands encryption outside of this machine: the
/// driver would send a password in clear to any server that answers that it does not encrypt.
pub(crate) fn config_of(url: &str, encrypts: bool) -> Result<Config, StoreError> {
    let failed = |source: BoxError| StoreError::Database { doing: DOING, source };
    let (url, given) = without_verify(url).map_err(failed)?;
    let parsed = url.parse();
    let mut config: Config =
        parsed.map_err(|error| failed(without_secrets(&said(&error)).into()))?;
    if !given && encrypts && !is_of_this_machine(&config) {
        config.ssl_mode(SslMode::Require);
    }
    Ok(config)
}

/// Withholds what an error of the driver quotes, unless it reads like the name of an option: where a string is
/// mistyped, as `postgress://…` is, the driver takes the credentials for a name.
fn without_secrets(said: &str) -> String {
    let is_name = |quoted: &str| {
        quoted.len() <= LONGEST_OPTION
            && quoted.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    match (said.find('`'), said.rfind('`')) {
        (Some(first), Some(last)) if first < last && !is_name(&said[first + 1..last]) => format!(
            "{}`…`{}; expected `postgres://user@host/database`, or pairs as in `host=… user=…`, and found a \
             text that is not shown, because the password may stand in it",
            &said[..first],
            &said[last + 1..]
        ),
        _ => said.to_owned(),
    }
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
    use proptest::prelude::*;

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

    /// The parts of a connection string, and of what breaks one.
    const TOKENS: &[&str] = &[
        "postgres://",
        "postgresql://",
        "bank",
        ":",
        "@",
        "/",
        "?",
        "&",
        "=",
        ",",
        " ",
        "'",
        "\\",
        "\\'",
        "%",
        "%2",
        "%40",
        "%3F",
        "%ff",
        "%00",
        "\0",
        "š",
        "db.example",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "5432",
        "host",
        "hostaddr",
        "user",
        "password",
        "dbname",
        "application_name",
        "sslmode",
        "ssl%6Dode",
        "disable",
        "prefer",
        "require",
        "verify-full",
        "verify%2Dfull",
        "verify-ca",
        "sslmode=disable",
        "sslmode=prefer",
        "sslmode=require",
        "sslmode=verify-full",
        "host=db.example",
        "user=bank",
        "password=secret",
        "?sslmode=",
        "&sslmode=",
        "@db.example/bank",
        "postgres://bank:secret@db.example/bank",
    ];

    fn any_string() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            12 => proptest::sample::select(TOKENS).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// A mode that the driver does not see is never taken for one that was given, or the password
        /// would go to a server that says that it does not encrypt.
        #[test]
        fn any_string_is_read_as_the_driver_reads_it_or_refused(url in any_string()) {
            let by_driver = url.parse::<Config>();
            match (config_of(&url, true), &by_driver) {
                (Ok(config), Ok(driver)) => {
                    let (mode, given) = (config.get_ssl_mode(), driver.get_ssl_mode());
                    let is_given = url.contains("sslmode") || url.contains("ssl%6Dode");
                    match given {
                        // The driver's default, or what was asked for.
                        SslMode::Prefer if mode == SslMode::Prefer => prop_assert!(
                            is_of_this_machine(&config) || (is_given && url.contains("prefer")),
                            "a password may go out in clear"
                        ),
                        SslMode::Prefer => prop_assert_eq!(mode, SslMode::Require),
                        given => prop_assert_eq!(mode, given),
                    }
                    prop_assert_eq!(config.get_hosts(), driver.get_hosts());
                    prop_assert_eq!(config.get_password(), driver.get_password());
                }
                (Ok(config), Err(_)) => {
                    // Only a mode that the driver does not know may make the difference.
                    prop_assert!(url.contains("verify"), "it was mended on the way");
                    prop_assert_eq!(config.get_ssl_mode(), SslMode::Require);
                }
                (Err(error), _) => {
                    let said = error.to_string();
                    prop_assert!(
                        by_driver.is_err() || said.contains("verify-full"),
                        "the driver takes it: {}",
                        said
                    );
                    prop_assert!(!said.contains("secret"), "it shows the password: {}", said);
                }
            }
        }
    }
}
