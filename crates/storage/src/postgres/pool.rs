use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use rustls::ClientConfig;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connections of one process.
const CONNECTIONS: usize = 4;
/// Until a connection is there, and until one that was cut counts as lost.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A statement that takes longer is given up by the server.
const STATEMENT_TIMEOUT_MS: u32 = 30_000;

/// Where the database is and who asks.
pub struct Login {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// Who asks.
    pub username: String,
    /// The password, which goes nowhere else.
    pub password: String,
    /// How the connection is encrypted; not at all when there is none.
    pub tls: Option<ClientConfig>,
}

/// Why the database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be reached, or not now.
    #[error("PostgreSQL is out of reach: {0}")]
    Unreachable(String),
    /// It refused the rows: they will be refused again.
    #[error("PostgreSQL refuses a row: {0}")]
    Refused(String),
}

impl DatabaseError {
    /// Whether trying again later is of use.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else { return Self::Unreachable(in_words(&error)) };
        // Classes 22 and 23: data exceptions and violated constraints; 54000: more than the server holds in one row or index.
        let of_data = |code: &SqlState| ["22", "23", "54"].iter().any(|class| code.code().starts_with(class));
        if of_data(refusal.code()) {
            return Self::Refused(refusal.message().to_owned());
        }
        Self::Unreachable(refusal.message().to_owned())
    }
}

impl From<PoolError> for DatabaseError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Unreachable(in_words(&error)),
            error => Self::Unreachable(error.to_string()),
        }
    }
}

/// What went wrong, with its cause: the error itself says only at what.
fn in_words(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Connections, made as they are needed.
#[derive(Clone)]
pub(super) struct Connections(Pool);

impl Connections {
    pub(super) fn new(login: Login) -> Result<Self, DatabaseError> {
        let mut config = Config::new();
        config
            .host(login.host)
            .port(login.port)
            .dbname(login.database)
            .user(login.username)
            .password(login.password)
            .application_name("fogflow")
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(CONNECT_TIMEOUT)
            .options(format!("-c statement_timeout={STATEMENT_TIMEOUT_MS}"))
            .ssl_mode(if login.tls.is_some() { SslMode::Require } else { SslMode::Disable });
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match login.tls {
            Some(tls) => Manager::from_config(config, MakeRustlsConnect::new(tls), recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
            .runtime(Runtime::Tokio1);
        pool.build().map(Self).map_err(|error| DatabaseError::Unreachable(error.to_string()))
    }

    pub(super) async fn get(&self) -> Result<Object, DatabaseError> {
        Ok(self.0.get().await?)
    }
}
