//! TLS: mutual among services, where both sides show a certificate signed by `https.my_ca`; and to servers of others.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use tokio_rustls::TlsAcceptor;

use crate::config::Https;

/// This node's identity among services and whom it trusts; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) client: Arc<ClientConfig>,
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
        let required = |key| format!("configuration key `{key}` is required when https.enabled is true");
        let files = Files::read(https)?;
        let authority = Arc::new(files.authority.with_context(|| required("https.my_ca"))?);
        let identity = files.identity.with_context(|| required("https.my_certificate"))?;
        let client = showing(builder()?.with_root_certificates(authority.clone()), Some(identity.clone()));
        let acceptor = TlsAcceptor::from(Arc::new(server(authority, identity)?));
        Ok(Some(Self { acceptor, client: Arc::new(client) }))
    }
}

fn server(authority: Arc<RootCertStore>, identity: Arc<SingleCertAndKey>) -> anyhow::Result<ServerConfig> {
    let verifier = WebPkiClientVerifier::builder_with_provider(authority, provider())
        .build()
        .context("configuration key `https.my_ca`")?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(identity);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// How this node reaches servers that are not its own services, whatever they speak: it trusts the system's authorities, if there
/// are any, and those of `https.my_ca`, and shows its certificate, if it has one, to those that ask.
pub struct ToServers {
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    files: Files,
    config: OnceLock<ClientConfig>,
}

impl ToServers {
    /// What `https` names counts, whether `https.enabled` or not: that is about what this node serves.
    ///
    /// # Errors
    /// When a file cannot be read or used; the error names its key.
    pub fn from_config(https: &Https) -> anyhow::Result<Self> {
        Ok(Self { builder: builder()?, files: Files::read(https)?, config: OnceLock::new() })
    }

    /// Made when it is first asked for, since the list of the system's authorities is long.
    #[must_use]
    pub fn config(&self) -> ClientConfig {
        let make = || {
            let mut roots = authorities(&system_authorities()).unwrap_or_else(|_| RootCertStore::empty());
            roots.extend(self.files.authority.iter().flat_map(|own| own.roots.iter().cloned()));
            showing(self.builder.clone().with_root_certificates(roots), self.files.identity.clone())
        };
        self.config.get_or_init(make).clone()
    }
}

/// For a client that trusts the authorities in a PEM file and shows no certificate.
pub(super) fn trusting(file: &Path) -> anyhow::Result<ClientConfig> {
    Ok(showing(builder()?.with_root_certificates(authorities(file)?), None))
}

fn builder() -> anyhow::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    builder.context("no protocol version of TLS can be used")
}

fn showing(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: Option<Arc<SingleCertAndKey>>,
) -> ClientConfig {
    match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    }
}

/// What is in the files that `https` names.
struct Files {
    authority: Option<RootCertStore>,
    identity: Option<Arc<SingleCertAndKey>>,
}

impl Files {
    fn read(https: &Https) -> anyhow::Result<Self> {
        let file = |path, key| named(path, key, https.enabled);
        let authority = file(&https.my_ca, "https.my_ca").map(roots).transpose()?;
        let certificate = file(&https.my_certificate, "https.my_certificate");
        let identity = match (certificate, file(&https.my_key, "https.my_key")) {
            (Some(certificate), Some(key)) => Some(identity(certificate, key)?),
            (None, None) => None,
            (Some(_), None) => anyhow::bail!("configuration key `https.my_key` is required with https.my_certificate"),
            (None, Some(_)) => anyhow::bail!("configuration key `https.my_certificate` is required with https.my_key"),
        };
        Ok(Self { authority, identity })
    }
}

/// The file that a key names. Configurations that do without HTTPS may name files that nobody has made.
fn named<'a>(path: &'a Option<PathBuf>, key: &str, enabled: bool) -> Option<&'a Path> {
    let path = path.as_deref().filter(|path| !path.as_os_str().is_empty())?;
    if enabled || path.exists() {
        return Some(path);
    }
    tracing::warn!(key, file = %path.display(), "a file is not there: goes without, as https.enabled is false");
    None
}

fn identity(certificate: &Path, key: &Path) -> anyhow::Result<Arc<SingleCertAndKey>> {
    let chain = certificates(certificate, "https.my_certificate")?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| unusable("https.my_key", key))?;
    let certified = CertifiedKey::from_der(chain, key, &provider())
        .context("configuration keys `https.my_certificate` and `https.my_key`")?;
    Ok(Arc::new(certified.into()))
}

fn roots(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, "https.my_ca")? {
        roots.add(certificate).with_context(|| unusable("https.my_ca", path))?;
    }
    Ok(roots)
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
fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
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
