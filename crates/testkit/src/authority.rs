//! A private authority and the certificates that it signs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// What servers on this machine are reached by.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// An authority that nobody trusts who is not told to.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// The PEM files of a certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key, which only its owner may read.
    pub key: PathBuf,
}

impl Authority {
    /// An authority with a new key.
    ///
    /// # Errors
    /// When its certificate cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("fogflow-authority-").tempdir()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // No two have the same name: who trusts one has never heard of the other.
        params.distinguished_name.push(DnType::CommonName, directory.path().display().to_string());
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let authority = Self { issuer, directory };
        std::fs::write(authority.file(), authority.issuer.pem())?;
        Ok(authority)
    }

    /// The PEM file of its own certificate, as in `https.my_ca`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Writes a certificate of this machine, for servers and clients, into a directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn issue(&self, directory: &Path) -> anyhow::Result<Identity> {
        let pair = KeyPair::generate()?;
        let certificate = CertificateParams::new(NAMES.map(str::to_owned))?.signed_by(&pair, &self.issuer)?;
        let identity = Identity { certificate: directory.join("certificate.pem"), key: directory.join("key.pem") };
        std::fs::write(&identity.certificate, certificate.pem())?;
        std::fs::write(&identity.key, pair.serialize_pem())?;
        std::fs::set_permissions(&identity.key, Permissions::from_mode(0o600))?;
        Ok(identity)
    }
}
