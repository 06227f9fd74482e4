//! Mutual TLS among services: both sides show a certificate signed by `https.my_ca`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::Https;

/// This node's identity and whom it trusts; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) client: Arc<ClientConfig>,
    authority: Arc<RootCertStore>,
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

impl Tls {
    /// `None` unless `https.enabled`.
    ///
    /// # Errors
    /// When a file cannot be read or used; the error names its key.
    pub fn from_config(https: &Https) -> anyhow::Result<Option<Self>> {
        if !https.enabled {
            return Ok(None);
        }
        let authority = Arc::new(roots(file(&https.my_ca, "https.my_ca")?)?);
        let chain = certificates(file(&https.my_certificate, "https.my_certificate")?, "https.my_certificate")?;
        let key_file = file(&https.my_key, "https.my_key")?;
        let key = PrivateKeyDer::from_pem_file(key_file).with_context(|| unusable("https.my_key", key_file))?;
        Ok(Some(Self {
            acceptor: TlsAcceptor::from(Arc::new(server(authority.clone(), chain.clone(), key.clone_key())?)),
            client: Arc::new(client(authority.clone(), chain, key)?),
            authority,
        }))
    }
}

fn server(
    authority: Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<ServerConfig> {
    let verifier = WebPkiClientVerifier::builder_with_provider(authority, provider())
        .build()
        .context("configuration key `https.my_ca`")?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .context("configuration keys `https.my_certificate` and `https.my_key`")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn client(
    authority: Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<ClientConfig> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authority)
        .with_client_auth_cert(chain, key)
        .context("configuration keys `https.my_certificate` and `https.my_key`")
}

fn file<'a>(path: &'a Option<PathBuf>, key: &str) -> anyhow::Result<&'a Path> {
    path.as_deref().with_context(|| format!("configuration key `{key}` is required when https.enabled is true"))
}

fn unusable(key: &str, path: &Path) -> String {
    format!("configuration key `{key}`: cannot use {}", path.display())
}

fn certificates(path: &Path, key: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read.with_context(|| unusable(key, path))?;
    anyhow::ensure!(!chain.is_empty(), "{}: it holds no certificate", unusable(key, path));
    Ok(chain)
}

/// Those of a bundle that can be used: one bad certificate among many authorities is no reason to trust none.
pub(super) fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let read = CertificateDer::pem_file_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.filter_map(Result::ok));
    anyhow::ensure!(!roots.is_empty(), "{} holds no certificate of an authority", path.display());
    Ok(roots)
}

/// Where the system keeps the authorities that browsers trust: `SSL_CERT_FILE`, else the file most distributions have.
#[must_use]
pub fn system_authorities() -> PathBuf {
    std::env::var_os("SSL_CERT_FILE").map_or_else(|| "/etc/ssl/certs/ca-certificates.crt".into(), PathBuf::from)
}

/// How this node reaches servers that speak TLS and not HTTP: it trusts the system's authorities and `https.my_ca`, and shows its
/// certificate to those that ask.
///
/// # Errors
/// When a file of `https` cannot be used, or there is no authority to trust.
pub fn to_servers(https: &Https) -> anyhow::Result<ClientConfig> {
    let own = Tls::from_config(&Https { enabled: https.my_ca.is_some(), ..https.clone() })?;
    public(own.as_ref()).context("no protocol version of TLS can be used")
}

/// For servers anywhere: trusts the system's authorities, if there are any, and those of this node, whose certificate is shown
/// to servers that ask for one.
pub(crate) fn public(own: Option<&Tls>) -> Option<ClientConfig> {
    let mut roots = authorities(&system_authorities()).unwrap_or_else(|_| RootCertStore::empty());
    roots.extend(own.iter().flat_map(|own| own.authority.roots.iter().cloned()));
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().ok()?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    if let Some(own) = own {
        config.client_auth_cert_resolver = own.client.client_auth_cert_resolver.clone();
    }
    Some(config)
}

fn roots(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, "https.my_ca")? {
        roots.add(certificate).with_context(|| unusable("https.my_ca", path))?;
    }
    Ok(roots)
}
