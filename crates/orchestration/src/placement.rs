//! What a task needs of a worker, and why a worker does not do.
//!
//! Parameters of operator and intent that constrain the place: `site_id` (the worker is `Worker.<site_id>` or `Worker.<site_id>.<n>`), `hardware`
//! (`amd64`, `arm64`, `arm`) and `os` (`linux`).

use flow::{DockerImage, Engine, Operator, TaskId, WorkerId, WorkerProfile};

/// What instances of a task need of a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    images: Vec<DockerImage>,
    function: bool,
    site: Option<String>,
    hardware: Option<String>,
    os: Option<String>,
}

/// Why a worker cannot take an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Rejection {
    /// It runs as many as it may.
    #[error("is full ({load} of {capacity})")]
    Full {
        /// How many it has, or is to have.
        load: u64,
        /// How many it may have.
        capacity: u32,
    },
    /// It refused an instance a moment ago.
    #[error("refused an instance a moment ago")]
    BackingOff,
    /// This instance failed there, or was refused, not long ago.
    #[error("could not run it before")]
    Excluded,
    /// The operator wants another site.
    #[error("is at another site")]
    Site,
    /// The operator wants other hardware.
    #[error("has other hardware")]
    Hardware,
    /// The operator wants another operating system.
    #[error("has another operating system")]
    OperatingSystem,
    /// It has no engine for what the operator is made of.
    #[error("has no engine for this operator")]
    Engine,
    /// The operator has no image for its hardware and operating system.
    #[error("has hardware or an operating system without an image")]
    Image,
}

/// No worker for an instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// Every worker was rejected.
    #[error("no worker satisfies the constraints of task instance {instance}{}: {}", wanted(needs), list(rejected, *more))]
    NoEligibleWorker {
        /// The instance.
        instance: TaskId,
        /// What it needs.
        needs: Box<Requirements>,
        /// The first workers, each with the reason.
        rejected: Vec<(WorkerId, Rejection)>,
        /// How many others there are.
        more: usize,
    },
    /// The operator can be run by no worker at all.
    #[error("operator {operator} has neither an image nor a function")]
    NothingToRun {
        /// The operator.
        operator: String,
    },
}

/// The constraints that an operator or an intent states, as it states them.
fn wanted(needs: &Requirements) -> String {
    let stated = [("site_id", &needs.site), ("hardware", &needs.hardware), ("os", &needs.os)];
    let stated = stated.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")));
    let stated: Vec<String> = stated.collect();
    if stated.is_empty() { String::new() } else { format!(" ({})", stated.join(", ")) }
}

fn list(rejected: &[(WorkerId, Rejection)], more: usize) -> String {
    let reasons: Vec<String> = rejected.iter().map(|(worker, reason)| format!("{worker} {reason}")).collect();
    match (reasons.is_empty(), more) {
        (true, _) => "no worker is connected".to_owned(),
        (false, 0) => reasons.join(", "),
        (false, more) => format!("{} and {more} more", reasons.join(", ")),
    }
}

impl Requirements {
    /// What an operator needs, with the parameters it is given.
    #[must_use]
    pub fn of(operator: &Operator) -> Self {
        let parameter = |name: &str| {
            let found = operator.parameters.iter().find(|parameter| parameter.name == name);
            found.map(|parameter| parameter.value.clone()).filter(|value| !value.is_empty())
        };
        Self {
            images: operator.dockerimages.clone(),
            function: !operator.function_code.trim().is_empty(),
            site: parameter("site_id"),
            hardware: parameter("hardware"),
            os: parameter("os"),
        }
    }

    /// Whether there is nothing any worker could run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images.is_empty() && !self.function
    }

    /// Whether a worker could run it if it had room.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self, worker: &WorkerProfile) -> Result<(), Rejection> {
        let differs = |wanted: &Option<String>, has: &str| {
            wanted.as_ref().is_some_and(|wanted| !has.is_empty() && !wanted.eq_ignore_ascii_case(has))
        };
        if self.site.as_ref().is_some_and(|site| !is_at(worker.id.as_str(), site)) {
            return Err(Rejection::Site);
        }
        if differs(&self.hardware, &worker.hardware) {
            return Err(Rejection::Hardware);
        }
        if differs(&self.os, &worker.os) {
            return Err(Rejection::OperatingSystem);
        }
        if self.function && worker.engines.contains(&Engine::Function) || self.image(worker).is_some() {
            return Ok(());
        }
        let lacks_engine = self.images.is_empty() || !runs_containers(worker);
        Err(if lacks_engine { Rejection::Engine } else { Rejection::Image })
    }

    /// The image for a worker; none for one that runs no containers.
    #[must_use]
    pub fn image(&self, worker: &WorkerProfile) -> Option<&DockerImage> {
        let suits = |image: &&DockerImage| image.suits(&worker.os, &worker.hardware);
        self.images.iter().find(suits).filter(|_| runs_containers(worker))
    }

    /// The images to fetch ahead of need on a worker.
    pub(crate) fn prefetched<'a>(&'a self, worker: &'a WorkerProfile) -> impl Iterator<Item = &'a DockerImage> {
        let suits = move |image: &&DockerImage| image.prefetched && image.suits(&worker.os, &worker.hardware);
        self.images.iter().filter(suits).filter(|_| runs_containers(worker))
    }
}

/// A worker of the original names no engines and runs containers.
fn runs_containers(worker: &WorkerProfile) -> bool {
    worker.engines.is_empty()
        || worker.engines.iter().any(|engine| matches!(engine, Engine::Docker | Engine::Kubernetes))
}

fn is_at(worker: &str, site: &str) -> bool {
    let rest = worker.strip_prefix("Worker.").and_then(|name| name.strip_prefix(site));
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('.').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(hw: &str) -> DockerImage {
        DockerImage { name: "fogflow/dummy".into(), hw_type: hw.into(), os_type: "Linux".into(), ..Default::default() }
    }

    fn worker(id: &str, hardware: &str, engines: &[Engine]) -> WorkerProfile {
        let (hardware, os) = (hardware.to_owned(), "linux".to_owned());
        WorkerProfile { id: id.into(), os, hardware, engines: engines.to_vec(), ..Default::default() }
    }

    #[test]
    fn engines_images_sites_and_hardware_decide() {
        let parameter = |name: &str, value: &str| flow::Parameter { name: name.into(), value: value.into() };
        let image_x86 = Operator { dockerimages: vec![image("X86")], ..Default::default() };
        let function = Operator { function_code: "exports.handler = 1".into(), ..Default::default() };
        let at_shop = Operator { parameters: vec![parameter("site_id", "shop")], ..image_x86.clone() };
        let on_arm = Operator { parameters: vec![parameter("hardware", "arm64")], ..function.clone() };
        let go = worker("Worker.shop", "amd64", &[]);
        let arm = worker("Worker.shop.2", "arm64", &[Engine::Docker, Engine::Function]);
        let js = worker("Worker.shopping", "amd64", &[Engine::Function]);
        let check = |operator: &Operator, worker: &WorkerProfile| Requirements::of(operator).check(worker);
        assert_eq!(check(&image_x86, &go), Ok(()));
        assert_eq!(check(&image_x86, &arm), Err(Rejection::Image));
        assert_eq!(check(&image_x86, &js), Err(Rejection::Engine));
        assert_eq!(check(&function, &go), Err(Rejection::Engine));
        assert_eq!(check(&function, &arm), Ok(()));
        assert_eq!(check(&at_shop, &go), Ok(()));
        assert_eq!(check(&at_shop, &arm), Err(Rejection::Image));
        assert_eq!(check(&at_shop, &js), Err(Rejection::Site));
        assert_eq!(check(&on_arm, &js), Err(Rejection::Hardware));
        assert!(Requirements::of(&Operator::default()).is_empty());
    }
}
