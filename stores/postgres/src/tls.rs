//! Encryption by rustls.

use std::sync::Arc;

use esrs_core::StoreError;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whom the operating system trusts, is trusted.
pub(crate) fn with_native_roots() -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    // What cannot be read, and what is no certificate, is trusted by nobody.
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a certificate of the operating system cannot be used");
    }
    roots.add_parsable_certificates(found.certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Database {
            doing: "preparing encryption",
            source: error.into(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
