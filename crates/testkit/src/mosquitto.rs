//! A real Mosquitto with ports of its own.

use std::fs::File;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::authority::{Authority, Identity};
use crate::free_port;
use crate::process::{Farewell, ProcessGroup};
use crate::wait::{DEADLINE, wait_until};

/// Where Debian keeps the server, which is not on everybody's path.
const SERVER: &str = "/usr/sbin/mosquitto";
/// A clean CONNECT of MQTT 3.1.1 by a client without an identifier.
const CONNECT: &[u8] = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00";

/// A running, or stopped, MQTT broker. Without a user anybody may publish.
#[derive(Debug)]
pub struct Mosquitto {
    server: Option<ProcessGroup>,
    port: u16,
    user: Option<(String, String)>,
    /// A second port, with TLS.
    secure: Option<(u16, Identity)>,
    directory: TempDir,
}

/// What a client receives, line by line: `topic payload`.
#[derive(Debug)]
pub struct MqttListener {
    _client: ProcessGroup,
    file: std::path::PathBuf,
}

impl Mosquitto {
    /// Starts a broker that anybody may use. The package is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be installed or does not start; its log is quoted.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None, None).await
    }

    /// Starts a broker that one user may use.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub async fn start_for(user: &str, password: &str) -> anyhow::Result<Self> {
        Self::start_with(Some((user.to_owned(), password.to_owned())), None).await
    }

    /// Starts a broker that anybody may use, with TLS and a certificate of that authority.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub async fn start_secure(authority: &Authority) -> anyhow::Result<Self> {
        Self::start_with(None, Some(authority)).await
    }

    async fn start_with(user: Option<(String, String)>, authority: Option<&Authority>) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(install).await??;
        let directory = tempfile::Builder::new().prefix("fogflow-mosquitto-").tempdir()?;
        let secure = authority.map(|authority| anyhow::Ok((free_port()?, authority.issue(directory.path())?)));
        let secure = secure.transpose()?;
        let mut mosquitto = Self { server: None, port: free_port()?, user, secure, directory };
        mosquitto.configure()?;
        mosquitto.resume().await?;
        Ok(mosquitto)
    }

    /// The port without TLS, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL, as in a subscription.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.secure {
            Some((port, _)) => format!("mqtts://127.0.0.1:{port}"),
            None => format!("mqtt://127.0.0.1:{}", self.port),
        }
    }

    /// Starts the stopped broker again, on the same port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.directory.path().join("log.txt"))?;
        let mut command = Command::new(SERVER);
        command.arg("-c").arg(self.directory.path().join("mosquitto.conf")).stdout(log.try_clone()?).stderr(log);
        let mut server = ProcessGroup::spawn_in(&mut command, Farewell::Kill, Some(self.directory.path()))?;
        let port = self.port;
        let up = wait_until(DEADLINE, "Mosquitto answers", async || {
            if speaks_mqtt(port).await { Some(true) } else { (!server.is_running()).then_some(false) }
        });
        anyhow::ensure!(up.await, "Mosquitto ended at its start:\n{}", self.log());
        self.server = Some(server);
        Ok(())
    }

    /// Kills the broker with SIGKILL.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Listens to topics, a pattern of MQTT, with the highest quality of service.
    ///
    /// # Errors
    /// When the client cannot be started.
    pub async fn listen(&self, topics: &str) -> anyhow::Result<MqttListener> {
        let file = self.directory.path().join(format!("heard-{}.txt", free_port()?));
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "2", "-v", "-t", topics]);
        if let Some((user, password)) = &self.user {
            command.args(["-u", user, "-P", password]);
        }
        command.args(["-t", "ready"]).stdout(File::create(&file)?).stderr(Stdio::null());
        let listener = MqttListener { _client: ProcessGroup::spawn(&mut command, Farewell::Kill)?, file };
        wait_until(DEADLINE, "the listener hears", async || {
            self.publish("ready", "yes").ok();
            listener.lines().contains(&"ready yes".to_owned()).then_some(())
        })
        .await;
        Ok(listener)
    }

    fn publish(&self, topic: &str, payload: &str) -> anyhow::Result<()> {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", topic, "-m", payload]);
        if let Some((user, password)) = &self.user {
            command.args(["-u", user, "-P", password]);
        }
        anyhow::ensure!(command.stderr(Stdio::null()).status()?.success(), "cannot publish");
        Ok(())
    }

    fn configure(&self) -> anyhow::Result<()> {
        // The server gives up the rights of root before it reads files of passwords and keys.
        let mut settings = format!("user root\npersistence false\nlistener {} 127.0.0.1\n", self.port);
        if let Some((port, Identity { certificate, key })) = &self.secure {
            let (certificate, key) = (certificate.display(), key.display());
            settings.push_str(&format!("listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"));
        }
        match &self.user {
            None => settings.push_str("allow_anonymous true\n"),
            Some((user, password)) => {
                let file = self.directory.path().join("passwords");
                let made =
                    Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&file).args([user, password]).status()?;
                anyhow::ensure!(made.success(), "cannot write the file of passwords");
                settings.push_str(&format!("allow_anonymous false\npassword_file {}\n", file.display()));
            }
        }
        std::fs::write(self.directory.path().join("mosquitto.conf"), settings).context("cannot configure Mosquitto")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log.txt")).unwrap_or_default()
    }
}

impl MqttListener {
    /// What came so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits until so many messages have come, and gives them back as topic and payload.
    ///
    /// # Panics
    /// When they have not come by the deadline.
    pub async fn wait_for(&self, count: usize, deadline: Duration) -> Vec<(String, String)> {
        let split = |line: &String| {
            let (topic, payload) = line.split_once(' ').unwrap_or((line, ""));
            (topic.to_owned(), payload.to_owned())
        };
        wait_until(deadline, &format!("{count} messages"), async || {
            let lines = self.lines();
            let heard: Vec<_> = lines.iter().filter(|line| *line != "ready yes").map(split).collect();
            (heard.len() >= count).then_some(heard)
        })
        .await
    }
}

/// Installs the Debian packages, once at a time.
fn install() -> anyhow::Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock();
    let present = |program: &str| Command::new("which").arg(program).stdout(Stdio::null()).status();
    if std::path::Path::new(SERVER).exists() && present("mosquitto_sub")?.success() {
        return Ok(());
    }
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--no-install-recommends", "mosquitto", "mosquitto-clients"]);
    let output = command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).output()?;
    anyhow::ensure!(output.status.success(), "apt-get: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A broker that is up answers with CONNACK, whoever may use it.
async fn speaks_mqtt(port: u16) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(CONNECT).await?;
        stream.read_u8().await
    };
    matches!(timeout(Duration::from_secs(2), exchange).await, Ok(Ok(0x20)))
}
