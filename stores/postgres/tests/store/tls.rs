//! A server that encrypts, with a certificate that nobody has signed.
#![cfg(all(unix, feature = "tls"))]

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::sync::Arc;

use crate::support::{append, connect, read_all};
use esrs_core::StoreError;
use esrs_postgres::PostgresStore;
use postgres_server::Server;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A server that encrypts for clients that want it, and its certificate.
async fn encrypting_server() -> (Server, CertificateDer<'static>) {
    let server = Server::start().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let directory = server.directory();
    let owner = std::fs::metadata(directory).unwrap();
    let [certificate, key] =
        [("certificate.pem", made.cert.pem()), { ("key.pem", made.signing_key.serialize_pem()) }]
            .map(|(name, pem)| {
                let path = directory.join(name);
                std::fs::write(&path, pem).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
                chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
                path.display().to_string()
            });
    let raw = connect(&server.url()).await;
    for set in [
        format!("ssl_cert_file = '{certificate}'"),
        format!("ssl_key_file = '{key}'"),
        "ssl = on".to_owned(),
    ] {
        raw.batch_execute(&format!("ALTER SYSTEM SET {set}")).await.unwrap();
    }
    raw.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let is_on = async {
        while raw.query_one("SHOW ssl", &[]).await.unwrap().get::<_, &str>(0) != "on" {
            tokio::task::yield_now().await;
        }
    };
    crate::support::within(std::time::Duration::from_secs(10), "ssl", is_on).await;
    (server, made.cert.der().clone())
}

fn trusting(certificate: CertificateDer<'static>) -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_certificate_that_nobody_has_signed_is_refused_until_it_is_trusted() {
    let (server, certificate) = encrypting_server().await;
    let database = server.create_database().unwrap();
    let require = format!("{}?sslmode=require", database.url());

    // Without a word about it, a server that can encrypt is believed as little.
    for url in [&*require, database.url()] {
        let error = PostgresStore::open(url).await.unwrap_err();
        let StoreError::Unavailable { reason, .. } = &error else { panic!("{error}") };
        assert!(reason.contains("UnknownIssuer"), "{reason}");
        assert!(reason.contains("PostgresStoreBuilder::tls"), "{reason}");
        assert!(reason.contains("sslmode=disable"), "{reason}");
    }

    let trusting = trusting(certificate);
    let store = PostgresStore::builder(&require).tls(trusting.clone()).open().await.unwrap();
    append(&store, "1").await;
    assert_eq!(read_all(&store).await.len(), 1);
    let raw = connect(&format!("{}?sslmode=disable", database.url())).await;
    let encrypted = "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl
        JOIN pg_stat_activity USING (pid) WHERE application_name = 'esrs'";
    let row = raw.query_one(encrypted, &[]).await.unwrap();
    let (encrypted, all): (i64, i64) = (row.get(0), row.get(1));
    assert!(encrypted == all && all >= 2, "{encrypted} of {all}");
    store.close().await;

    // Another name than that of the certificate is another server.
    let elsewhere = require.replacen("127.0.0.1", "localhost", 1);
    let error = PostgresStore::builder(&elsewhere).tls(trusting).open().await.unwrap_err();
    assert!(error.to_string().contains("certificate not valid for name"), "{error}");

    let plain = format!("{}?sslmode=disable", database.url());
    append(&PostgresStore::open(&plain).await.unwrap(), "1").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_server_that_does_not_encrypt_is_refused_where_that_is_required() {
    let database = postgres_server::database().unwrap();
    let require = format!("{}?sslmode=require", database.url());
    let error = PostgresStore::open(&require).await.unwrap_err();
    let StoreError::Unavailable { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("server does not support TLS"), "{reason}");
}

/// Answers in place of a server that it does not encrypt, and asks for the password in clear; what it was sent.
async fn in_the_middle() -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listening = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut sent = Vec::new();
        let mut buffer = [0; 1024];
        // To the request to encrypt, to the startup message, and to what comes then.
        for answer in [&b"N"[..], &[b'R', 0, 0, 0, 8, 0, 0, 0, 3], &[]] {
            let count = socket.read(&mut buffer).await.unwrap_or(0);
            if count == 0 {
                break;
            }
            sent.extend_from_slice(&buffer[..count]);
            // It may be gone already.
            let _ = socket.write_all(answer).await;
        }
        sent
    });
    (port, listening)
}

#[tokio::test]
async fn password_is_not_sent_to_a_server_that_does_not_encrypt() {
    // An address that is not the loopback interface, and answers on this machine.
    for (mode, is_sent) in [("", false), ("?sslmode=verify-full", false), ("?sslmode=prefer", true)]
    {
        let (port, middle) = in_the_middle().await;
        let url = format!("postgres://bank:hunter2@0.0.0.0:{port}/bank{mode}");
        let opened = PostgresStore::open(&url);
        let error =
            crate::support::within(std::time::Duration::from_secs(20), "opening", opened).await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        let sent = middle.await.unwrap();
        assert!(sent.len() >= 8, "it was never asked");
        let has_password = sent.windows(7).any(|bytes| bytes == b"hunter2");
        assert_eq!(has_password, is_sent, "{mode}: {error}");
        if !is_sent {
            assert!(error.to_string().contains("sslmode=disable"), "{error}");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn verify_full_is_taken_and_checks_the_name() {
    let (server, certificate) = encrypting_server().await;
    let database = server.create_database().unwrap();
    let full = format!("{}?sslmode=verify-full", database.url());
    let trusting = trusting(certificate);
    let store = PostgresStore::builder(&full).tls(trusting.clone()).open().await.unwrap();
    append(&store, "1").await;
    let elsewhere = full.replacen("127.0.0.1", "localhost", 1);
    let error = PostgresStore::builder(&elsewhere).tls(trusting).open().await.unwrap_err();
    assert!(error.to_string().contains("certificate not valid for name"), "{error}");
    let ca = full.replacen("verify-full", "verify-ca", 1);
    let error = PostgresStore::open(&ca).await.unwrap_err();
    assert!(error.to_string().contains("sslmode=verify-full"), "{error}");
}
