//! A real RabbitMQ with data, ports and node name of its own.

use std::fs::File;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::free_port;
use crate::process::{Farewell, ProcessGroup};
use crate::wait::wait_until;

/// Where Debian keeps the start script that does not change the user.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const START_DEADLINE: Duration = Duration::from_secs(90);
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// A running, or stopped, RabbitMQ with the user `admin` and password `mypass`.
#[derive(Debug)]
pub struct RabbitMq {
    server: Option<ProcessGroup>,
    port: u16,
    distribution_port: u16,
    names: NameServer,
    directory: TempDir,
}

/// Erlang's name server, one for each node, so that no daemon stays behind.
#[derive(Debug)]
struct NameServer {
    port: u16,
    _process: ProcessGroup,
}

impl RabbitMq {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed or does not start; its log is quoted.
    pub async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("fogflow-rabbitmq-").tempdir()?;
        let (port, distribution_port) = (free_port()?, free_port()?);
        let settings = format!("listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = admin\ndefault_pass = mypass\n");
        std::fs::write(directory.path().join("rabbitmq.conf"), settings)?;
        std::fs::write(directory.path().join("plugins"), "[].\n")?;
        std::fs::create_dir(directory.path().join("home"))?;
        let names = NameServer::start()?;
        let mut rabbitmq = Self { server: None, port, distribution_port, names, directory };
        rabbitmq.resume().await?;
        Ok(rabbitmq)
    }

    /// The one server of this test process, for tests that do not stop it.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub async fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<RabbitMq> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// The AMQP port, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL a plain AMQP client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://admin:mypass@127.0.0.1:{}/%2f", self.port)
    }

    /// The `rabbitmq` section of a configuration.
    #[must_use]
    pub fn section(&self) -> serde_json::Value {
        serde_json::json!({ "host_ip": "127.0.0.1", "port": self.port, "username": "admin", "password": "mypass" })
    }

    /// Starts the stopped server again, with what it stored.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        let mut server = ProcessGroup::spawn_in(&mut self.command()?, Farewell::Kill, Some(self.directory.path()))?;
        let port = self.port;
        let up = wait_until(START_DEADLINE, "RabbitMQ answers", async || {
            if speaks_amqp(port).await { Some(true) } else { (!server.is_running()).then_some(false) }
        });
        anyhow::ensure!(up.await, "RabbitMQ ended at its start:\n{}", self.log());
        self.server = Some(server);
        Ok(())
    }

    /// Stops the server in order: durable queues are kept.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.terminate(STOP_DEADLINE).await?;
        }
        Ok(())
    }

    /// Kills the server with SIGKILL.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Stops the server from doing anything while its connections stay open, as a cut network would.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.server.as_ref().context("RabbitMQ is stopped")?.signal("STOP")
    }

    /// Ends [`RabbitMq::freeze`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.server.as_ref().context("RabbitMQ is stopped")?.signal("CONT")
    }

    /// Runs `rabbitmqctl` on this server and gives back what it printed.
    ///
    /// # Errors
    /// When the command fails; its output is quoted.
    pub fn control(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
        let output = self.at_home(&mut command).args(args).output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "rabbitmqctl {args:?}: {printed}{complaint}");
        Ok(printed)
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(self.directory.path().join("log.txt"))?;
        let mut command = Command::new(SERVER);
        self.at_home(&mut command)
            .env("RABBITMQ_CONFIG_FILE", self.directory.path().join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.directory.path().join("plugins"))
            .env("RABBITMQ_MNESIA_BASE", self.directory.path().join("data"))
            .env("RABBITMQ_LOG_BASE", self.directory.path().join("logs"))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    /// What tells server and tools which node is meant.
    fn at_home<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HOME", self.directory.path().join("home"))
            .env("ERL_EPMD_PORT", self.names.port.to_string())
            .env("RABBITMQ_NODENAME", format!("test{}@localhost", self.port))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log.txt")).unwrap_or_default()
    }
}

impl NameServer {
    fn start() -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("epmd");
        command.args(["-port", &port.to_string(), "-address", "127.0.0.1"]);
        Ok(Self { port, _process: ProcessGroup::spawn(&mut command, Farewell::Kill)? })
    }
}

/// A server that is up answers the protocol header with a method frame, which begins with 1.
async fn speaks_amqp(port: u16) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
        stream.read_u8().await
    };
    matches!(timeout(Duration::from_secs(2), exchange).await, Ok(Ok(1)))
}
