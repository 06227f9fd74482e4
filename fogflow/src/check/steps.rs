//! The steps of the check, in order.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::Report;
use super::case::Case;
use super::failure::Failure;
use super::site::Site;

/// Between two looks at what becomes of something.
const PAUSE: Duration = Duration::from_millis(500);

/// What has to be removed; each is noted before it is asked for, since an answer may be lost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Made {
    pub(crate) operator: bool,
    pub(crate) function: bool,
    pub(crate) entity: bool,
}

pub(crate) struct Steps<'a> {
    site: &'a Site,
    case: &'a Case,
    report: &'a Report,
    limit: Duration,
    made: Made,
    updates: u64,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(site: &'a Site, case: &'a Case, report: &'a Report, limit: Duration) -> Self {
        Self { site, case, report, limit, made: Made::default(), updates: 0 }
    }

    pub(crate) fn made(&self) -> Made {
        self.made
    }

    pub(crate) async fn all(&mut self) -> Result<(), Failure> {
        self.page().await?;
        self.operator().await?;
        self.function().await?;
        self.entity().await?;
        self.instance().await?;
        self.result().await
    }

    async fn page(&mut self) -> Result<(), Failure> {
        let next = format!(
            "does the address {} lead to nginx, and are nginx and the designer ready? Their logs say why not.{}",
            self.site.url,
            if self.site.url.starts_with("https:") { " Whom --ca names must have signed its certificate." } else { "" }
        );
        let step = "the designer's page cannot be read";
        let site = self.site;
        self.retried(step, &next, async || site.page("/index.html").await.map(drop)).await?;
        self.say(&format!("the designer's page is at {}/index.html", self.site.url));
        Ok(())
    }

    async fn operator(&mut self) -> Result<(), Failure> {
        self.made.operator = true;
        let (site, document) = (self.site, self.case.operator());
        let next = "the designer's log";
        self.retried("the operator is not taken", next, async || site.post("/operator", &document).await.map(drop))
            .await?;
        self.say(&format!("operator `{}` is registered", self.case.name));
        Ok(())
    }

    async fn function(&mut self) -> Result<(), Failure> {
        self.made.function = true;
        let (site, document) = (self.site, self.case.function());
        let next = "the designer's log";
        let post = async || site.post("/fogfunction", &document).await.map(drop);
        self.retried("the fog function is not taken", next, post).await?;
        self.say(&format!("fog function `{}` is registered", self.case.name));
        Ok(())
    }

    async fn entity(&mut self) -> Result<(), Failure> {
        self.made.entity = true;
        let (site, document) = (self.site, self.next_update());
        let next = "the broker's log, and nginx's route /ngsi10/";
        let post = async || site.post("/ngsi10/updateContext", &document).await.map(drop);
        self.retried("the broker does not take an entity", next, post).await?;
        self.say(&format!("entity `{}` is updated", self.case.entity));
        Ok(())
    }

    /// Waits until a worker reports the task instance as running; says each change of what it waits for.
    async fn instance(&self) -> Result<(), Failure> {
        let path = format!("/info/task/{}", self.case.intent);
        let mut seen = String::new();
        loop {
            let tasks = self.site.get(&path).await;
            if let Some(worker) = running_on(&tasks) {
                self.say(&format!("a task instance runs on {worker}"));
                return Ok(());
            }
            let now = tasks.map_or_else(|problem| problem, |tasks| describe(&tasks));
            if now != seen {
                self.say(&now);
                seen = now;
            }
            self.in_time("no task instance runs", &seen, &self.where_tasks_are())?;
            sleep(PAUSE).await;
        }
    }

    /// Updates the entity until its result can be read.
    async fn result(&mut self) -> Result<(), Failure> {
        loop {
            let update = self.next_update();
            let sent = self.site.post("/ngsi10/updateContext", &update).await;
            sleep(PAUSE).await;
            let seen = match (sent, self.found().await) {
                (Ok(_), Ok(true)) => break,
                (Ok(_), Ok(false)) => {
                    format!("no entity of type `{}` after {} updates", self.case.output, self.updates)
                }
                (Err(problem), _) | (_, Err(problem)) => problem,
            };
            let next = format!("the log of the task instance; {}", self.where_tasks_are());
            self.in_time("the task instance's result cannot be read", &seen, &next)?;
        }
        self.say(&format!("its result, an entity of type `{}`, is there", self.case.output));
        Ok(())
    }

    async fn found(&self) -> Result<bool, String> {
        Ok(results(self.site, self.case).await?.iter().any(|element| self.case.is_result(element)))
    }

    fn next_update(&mut self) -> Value {
        self.updates += 1;
        self.case.update(self.updates)
    }

    /// Tries until it succeeds or the time is up: a system that has just been installed may still be starting.
    async fn retried(
        &self,
        step: &'static str,
        next: &str,
        mut attempt: impl AsyncFnMut() -> Result<(), String>,
    ) -> Result<(), Failure> {
        let mut seen = String::new();
        while let Err(problem) = attempt().await {
            if problem != seen {
                self.say(&format!("{step} yet: {problem}"));
                seen = problem;
            }
            self.in_time(step, &seen, next)?;
            sleep(PAUSE).await;
        }
        Ok(())
    }

    fn in_time(&self, step: &'static str, seen: &str, next: &str) -> Result<(), Failure> {
        if self.report.elapsed() < self.limit {
            return Ok(());
        }
        Err(Failure { step, seen: seen.to_owned(), next: next.to_owned() })
    }

    fn where_tasks_are(&self) -> String {
        format!("{0}/info/worker and {0}/info/task, then the logs of the master and of the worker", self.site.url)
    }

    fn say(&self, text: &str) {
        self.report.line(text);
    }
}

/// The results there are.
pub(crate) async fn results(site: &Site, case: &Case) -> Result<Vec<Value>, String> {
    let answer = site.post("/ngsi10/queryContext", &case.query()).await?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| format!("POST /ngsi10/queryContext: {error}"))?;
    let responses = answer["contextResponses"].as_array().cloned().unwrap_or_default();
    Ok(responses.into_iter().map(|mut response| response["contextElement"].take()).collect())
}

fn running_on(tasks: &Result<Value, String>) -> Option<String> {
    let tasks = tasks.as_ref().ok()?.as_array()?;
    let running = tasks.iter().find(|task| task["Status"] == "running")?;
    Some(running["Worker"].as_str().unwrap_or_default().to_owned())
}

/// What the instances of an intent wait for, in one line.
pub(crate) fn describe(tasks: &Value) -> String {
    let Some(task) = tasks.as_array().and_then(|tasks| tasks.first()) else {
        return "no task instance yet: neither the master nor a worker tells of one".to_owned();
    };
    let text = |key: &str| task[key].as_str().unwrap_or_default();
    let place = if text("Worker").is_empty() { "not placed".to_owned() } else { format!("on {}", text("Worker")) };
    let reason = if text("Reason").is_empty() { String::new() } else { format!(": {}", text("Reason")) };
    format!("task instance {} ({place}){reason}", text("Status"))
}
