//! The services that the HTTP scenarios drive: started for the run, or named on the command line.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::body;
use crate::drive::{Entity, Load};
use crate::http::{Target, Template, get, post, with_id};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::system::{Site, System};

const BATCH: u64 = 100;

/// A discovery and brokers.
pub(crate) struct Bed {
    /// The first is the one entities are given to.
    pub(crate) brokers: Vec<Target>,
    pub(crate) discovery: Option<Target>,
    pub(crate) pids: Vec<u32>,
    _system: Option<System>,
}

impl Bed {
    pub(crate) fn new(options: &Options, brokers: usize) -> anyhow::Result<Self> {
        match &options.url {
            Some(url) => Self::named(options, url),
            None => Self::started(options, brokers),
        }
    }

    fn named(options: &Options, url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            brokers: vec![Target::of(url)?],
            discovery: options.discovery_url.as_deref().map(Target::of).transpose()?,
            pids: options.pids.clone(),
            _system: None,
        })
    }

    fn started(options: &Options, brokers: usize) -> anyhow::Result<Self> {
        let mut system = System::new(options)?;
        let first = Site::new("bench-1")?;
        let mut bed = Self {
            brokers: Vec::new(),
            discovery: Some(Target::local(first.discovery)),
            pids: vec![system.start("discovery", &first)?],
            _system: None,
        };
        let mut site = first.clone();
        for number in 0..brokers {
            if number > 0 {
                site = first.sibling(&format!("bench-{}", number + 1))?;
            }
            bed.pids.push(system.start("broker", &site)?);
            bed.brokers.push(Target::local(site.broker));
        }
        bed._system = Some(system);
        Ok(bed)
    }

    /// A broker without discovery, which somebody else stops.
    pub(crate) fn lone(site: &Site, pid: u32) -> Self {
        Self { brokers: vec![Target::local(site.broker)], discovery: None, pids: vec![pid], _system: None }
    }

    pub(crate) fn broker(&self) -> &Target {
        &self.brokers[0]
    }

    pub(crate) fn discovery(&self) -> anyhow::Result<&Target> {
        self.discovery.as_ref().context("this scenario needs --discovery-url beside --url")
    }

    /// Creates so many entities at the first broker, and waits until discovery knows the last one.
    pub(crate) fn create_entities(&self, count: u64) -> anyhow::Result<()> {
        for first in (0..count).step_by(usize::try_from(BATCH)?) {
            let elements: Vec<String> = (first..count.min(first + BATCH))
                .map(|number| body::element(&with_id(&body::entity_id(), number)))
                .collect();
            post(self.broker(), "/ngsi10/updateContext", &body::update(&elements))?;
        }
        match &self.discovery {
            Some(discovery) => wait_registered(discovery, &with_id(&body::entity_id(), count - 1)),
            None => Ok(()),
        }
    }
}

/// One load of a scenario.
pub(crate) struct Run<'a> {
    pub(crate) target: &'a Target,
    pub(crate) template: Template,
    pub(crate) entity: Entity,
    /// Must be in the answer.
    pub(crate) expect: &'a str,
    pub(crate) rate: Option<u32>,
    pub(crate) pids: &'a [u32],
}

/// Runs a load on a target, after one request that must be answered with the given text in it.
pub(crate) fn load(options: &Options, run: &Run<'_>) -> anyhow::Result<Outcome> {
    let mut template = run.template.clone();
    let first = crate::http::exchange(run.target, template.stamp((run.entity)(0, 0), 1))?.ok()?;
    if !first.body.contains(run.expect) {
        bail!("expected `{}` in the answer: {}", run.expect, first.body);
    }
    let load = Load {
        target: run.target,
        template,
        entity: run.entity.clone(),
        connections: u64::from(options.connections),
        warm_up: options.warm_up(),
        duration: options.duration(),
        pids: run.pids,
    };
    load.run(run.rate)
}

/// Waits until discovery has a registration of the entity.
pub(crate) fn wait_registered(discovery: &Target, id: &str) -> anyhow::Result<()> {
    let limit = Instant::now() + Duration::from_secs(60);
    while Instant::now() < limit {
        let answer = get(discovery, &format!("/ngsi9/registration/{id}"))?;
        if answer.status == 200 && answer.body.contains(id) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    bail!("discovery does not know {id} after a minute")
}
