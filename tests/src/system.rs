//! A system of separate processes: discovery, brokers, master, designer and workers.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use testkit::{Docker, Fogflow, RabbitMq, free_port, wait_until};

use crate::Api;

/// How long a system may take to do what a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a site stands: its name, latitude and longitude in degrees.
pub type Place = (&'static str, f64, f64);

/// Where processes stand that no place is named for.
const NOWHERE: Place = ("core", 0.0, 0.0);

/// What the workers of a system run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// Containers of a real Docker engine.
    Docker,
    /// Functions.
    Function,
}

/// A process of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The discovery.
    Discovery,
    /// The master.
    Master,
    /// The designer.
    Designer,
    /// The broker of that number.
    Broker(usize),
    /// The worker of that number.
    Worker(usize),
}

/// A running system.
pub struct System {
    /// Speaks to it.
    pub api: Api,
    /// Its message bus.
    pub rabbitmq: RabbitMq,
    /// Its Docker engine, when its workers run containers.
    pub docker: Option<&'static Docker>,
    discovery: Fogflow,
    master: Fogflow,
    designer: Fogflow,
    brokers: Vec<Fogflow>,
    workers: Vec<Fogflow>,
    configs: Vec<Value>,
}

struct Ports {
    discovery: u16,
    master: u16,
    agent: u16,
    designer: u16,
}

impl System {
    /// Starts all processes: one broker and one worker at each place, the rest at the first one. Worker `i` uses broker
    /// `i % brokers`.
    ///
    /// # Errors
    /// When one of them does not become ready; what it printed is quoted.
    pub async fn start(places: &[Place], brokers: usize, workers: Workers) -> anyhow::Result<Self> {
        let rabbitmq = RabbitMq::start().await?;
        let docker = match workers {
            Workers::Docker => Some(Docker::shared().await?),
            Workers::Function => None,
        };
        let host = docker.map_or_else(|| Ok("127.0.0.1".to_owned()), Docker::gateway)?;
        let ports =
            Ports { discovery: free_port()?, master: free_port()?, agent: free_port()?, designer: free_port()? };
        let broker_ports = (0..brokers).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let config = |number: usize| {
            config(
                &host,
                places.get(number).copied().unwrap_or(NOWHERE),
                &ports,
                broker_ports[number % brokers],
                &rabbitmq,
                workers,
            )
        };
        let environment: Vec<(&str, &str)> = docker.iter().map(|docker| ("DOCKER_HOST", docker.host())).collect();
        let discovery = Fogflow::start(&["discovery"], &config(0)).await?;
        let mut started = Vec::new();
        for number in 0..brokers {
            started.push(Fogflow::start(&["broker"], &config(number)).await?);
        }
        let designer = Fogflow::start(&["designer"], &config(0)).await?;
        let master = Fogflow::start(&["master"], &config(0)).await?;
        let mut at_places = Vec::new();
        let mut configs = Vec::new();
        for number in 0..places.len() {
            configs.push(config(number));
            at_places.push(Fogflow::start_with(&["worker"], &config(number), &environment).await?);
        }
        let api = Api::default();
        let system =
            Self { api, rabbitmq, docker, discovery, master, designer, brokers: started, workers: at_places, configs };
        system.wait_for_workers(places.len()).await;
        Ok(system)
    }

    /// The URL of a part, without a path.
    ///
    /// # Panics
    /// When the part has printed none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a ready process has printed its URL")]
    pub fn url(&self, part: Part) -> String {
        let (process, name) = match part {
            Part::Discovery => (&self.discovery, "discovery"),
            Part::Master => (&self.master, "master"),
            Part::Designer => (&self.designer, "designer"),
            Part::Broker(number) => (&self.brokers[number], "broker"),
            Part::Worker(number) => (&self.workers[number], "worker"),
        };
        process.url(name).expect("a ready process has printed its URL")
    }

    /// The process of a part.
    pub fn process(&mut self, part: Part) -> &mut Fogflow {
        match part {
            Part::Discovery => &mut self.discovery,
            Part::Master => &mut self.master,
            Part::Designer => &mut self.designer,
            Part::Broker(number) => &mut self.brokers[number],
            Part::Worker(number) => &mut self.workers[number],
        }
    }

    /// The configuration of the worker of that number.
    #[must_use]
    pub fn config(&self, number: usize) -> Value {
        self.configs[number].clone()
    }

    /// Waits until the master counts that many workers.
    pub async fn wait_for_workers(&self, count: usize) {
        let url = format!("{}/workers", self.url(Part::Master));
        wait_until(PATIENCE, "the master knows the workers", async || {
            let workers = self.api.get(&url).await?;
            (workers.as_object()?.len() == count).then_some(())
        })
        .await;
    }

    /// Registers operators, a topology and an intent at the designer; gives the intent's id.
    ///
    /// # Errors
    /// When the designer refuses one of them.
    pub async fn submit(&self, operators: &Value, topology: &Value, geoscope: &Value) -> anyhow::Result<String> {
        let designer = self.url(Part::Designer);
        self.api.post(&format!("{designer}/operator"), operators).await?;
        self.api.post(&format!("{designer}/service"), &json!([{ "topology": topology, "designboard": {} }])).await?;
        self.intend(topology, geoscope).await
    }

    /// States an intent on a topology that the designer has; gives its id.
    ///
    /// # Errors
    /// When the designer refuses it.
    pub async fn intend(&self, topology: &Value, geoscope: &Value) -> anyhow::Result<String> {
        let intent = json!({ "topology": topology["name"], "stype": "ASYN", "qos": "default",
            "priority": { "exclusive": false, "level": 50 }, "geoscope": geoscope });
        let answer = self.api.post(&format!("{}/intent", self.url(Part::Designer)), &intent).await?;
        Ok(answer["id"].as_str().context("the designer gave no id")?.to_owned())
    }

    /// What the workers themselves say they run: (worker's number, task id), only running ones, sorted.
    pub async fn running(&self) -> Vec<(usize, String)> {
        let mut running = Vec::new();
        for number in 0..self.workers.len() {
            let Some(url) = self.workers[number].url("worker") else { continue };
            let Some(tasks) = self.api.get(&format!("{url}/tasks")).await else { continue };
            for task in tasks.as_array().into_iter().flatten() {
                if task["Status"] == "running" {
                    running.push((number, task["ID"].as_str().unwrap_or_default().to_owned()));
                }
            }
        }
        running.sort();
        running
    }

    /// Waits until the instances of a task run so many on each worker, and none of them twice.
    ///
    /// # Panics
    /// With what runs instead and the end of the master's log, when that does not come about.
    pub async fn wait_placed(&self, task: &str, per_worker: &[usize]) {
        let mut last = Vec::new();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            last = self.running().await;
            last.retain(|(_, id)| id.contains(&format!(".{task}.")));
            let ids: BTreeSet<&String> = last.iter().map(|(_, id)| id).collect();
            let counts =
                (0..self.workers.len()).map(|worker| last.iter().filter(|(number, _)| *number == worker).count());
            if ids.len() == last.len() && counts.eq(per_worker.iter().copied()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = self.master.log();
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        panic!("expected {per_worker:?} of {task}, but there run {last:?}\nmaster, latest first:\n{}", tail.join("\n"));
    }
}

fn config(host: &str, place: Place, ports: &Ports, broker: u16, rabbitmq: &RabbitMq, workers: Workers) -> Value {
    let (site, latitude, longitude) = place;
    let container_management = match workers {
        Workers::Docker => "docker",
        Workers::Function => "function",
    };
    json!({
        "site_id": site, "coreservice_ip": host, "external_hostip": host, "internal_hostip": host,
        "physical_location": { "latitude": latitude, "longitude": longitude },
        "discovery": { "http_port": ports.discovery },
        "broker": { "http_port": broker, "heartbeat_interval": 1 },
        "master": { "rest_api_port": ports.master, "ngsi_agent_port": ports.agent },
        "designer": { "webSrvPort": ports.designer, "agentPort": 0 },
        "worker": { "capacity": 10, "heartbeat_interval": 1, "detection_duration": 3, "container_management": container_management },
        "rabbitmq": rabbitmq.section()
    })
}
