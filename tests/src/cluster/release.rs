//! An installed chart, and what its users say to it.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::Cluster;
use super::watch::until;
use crate::Api;

/// A release of the chart, alone in its namespace; gone with its namespace when dropped.
pub struct Release<'a> {
    cluster: &'a Cluster,
    /// Its namespace, and its name.
    pub namespace: String,
    /// Speaks to it.
    pub api: Api,
    /// The URL of its nginx, without a path.
    pub url: String,
}

/// A task instance as `/info/task` lists it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What it does.
    pub status: String,
    /// Why, when it does not run.
    pub reason: String,
    /// The worker that has it.
    pub worker: String,
}

fn chart() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../helm/fogflow-chart")
}

/// The values that name images which the cluster has.
fn images() -> String {
    let given = std::env::var("CLUSTER_VALUES").ok().filter(|file| !file.is_empty());
    given.unwrap_or_else(|| chart().join("ci/local.yaml").to_string_lossy().into_owned())
}

impl<'a> Release<'a> {
    /// Installs a cloud node at the cluster's address and waits until it is ready.
    ///
    /// # Errors
    /// What Helm said.
    pub fn cloud(cluster: &'a Cluster, name: &str, values: &[&str]) -> anyhow::Result<Self> {
        let address = format!("externalIPs={{{}}}", cluster.address);
        Self::install(cluster, name, &[&["--set", &address], values].concat())
    }

    /// Installs an edge node that joins a cloud node and waits until it is ready.
    ///
    /// # Errors
    /// What Helm said.
    pub fn edge(cluster: &'a Cluster, name: &str, cloud: &Release<'_>, values: &[&str]) -> anyhow::Result<Self> {
        let (username, password) = cloud.credentials()?;
        let joining = [
            "mode=edge".to_owned(),
            format!("coreservice_ip={}", cluster.address),
            format!("rabbitmq.auth.username={username}"),
            format!("rabbitmq.auth.password={password}"),
        ];
        let joining: Vec<&str> = joining.iter().flat_map(|value| ["--set", value.as_str()]).collect();
        Self::install(cluster, name, &[joining.as_slice(), values].concat())
    }

    fn install(cluster: &'a Cluster, name: &str, values: &[&str]) -> anyhow::Result<Self> {
        cluster.namespace(name)?;
        let url = format!("http://{}", cluster.address);
        let release = Self { cluster, namespace: name.to_owned(), api: Api::default(), url };
        release.helm("install", values)?;
        Ok(release)
    }

    /// Changes values; those of before stay.
    ///
    /// # Errors
    /// What Helm said.
    pub fn upgrade(&self, values: &[&str]) -> anyhow::Result<()> {
        self.helm("upgrade", &[&["--reuse-values"], values].concat())
    }

    fn helm(&self, verb: &str, values: &[&str]) -> anyhow::Result<()> {
        let (chart, images) = (chart(), images());
        let (chart, name) = (chart.to_string_lossy(), self.namespace.as_str());
        let fixed = [verb, name, &chart, "-n", name, "-f", &images, "--wait", "--timeout", "4m"];
        let done = self.cluster.helm(&[&fixed, values].concat());
        done.map(drop).with_context(|| self.describe())
    }

    fn credentials(&self) -> anyhow::Result<(String, String)> {
        let secret = format!("{}-rabbitmq", self.prefix());
        let decode = "go-template={{.data.username | base64decode}} {{.data.password | base64decode}}";
        let text = self.kubectl(&["get", "secret", &secret, "-o", decode])?;
        let (username, password) = text.split_once(' ').context("no credentials")?;
        Ok((username.to_owned(), password.to_owned()))
    }

    /// What the names of its objects begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self.namespace.contains("fogflow") {
            true => self.namespace.clone(),
            false => format!("{}-fogflow", self.namespace),
        }
    }

    /// Runs kubectl in its namespace.
    ///
    /// # Errors
    /// What it said.
    pub fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.cluster.kubectl(&[&["-n", self.namespace.as_str()], arguments].concat())
    }

    /// What is in its namespace, for a test that fails.
    #[must_use]
    pub fn describe(&self) -> String {
        let pods = self.kubectl(&["get", "pods", "-o", "wide"]).unwrap_or_default();
        let events = self.kubectl(&["get", "events", "--sort-by=.lastTimestamp"]).unwrap_or_default();
        let events: Vec<&str> = events.lines().rev().take(15).collect();
        format!("{pods}\n{}", events.join("\n"))
    }

    /// Waits until every pod of the release, tasks not counted, is ready.
    ///
    /// # Errors
    /// When they do not become so.
    pub async fn ready(&self) -> anyhow::Result<()> {
        until("every service is ready", async || {
            let pods = self.pods(&format!("app.kubernetes.io/instance={}", self.namespace));
            let unready: Vec<String> = pods.iter().filter(|pod| !is_ready(pod)).map(name).collect();
            if pods.is_empty() || !unready.is_empty() { Err(format!("{unready:?}")) } else { Ok(()) }
        })
        .await
        .with_context(|| self.describe())
    }

    /// Its pods with that label.
    #[must_use]
    pub fn pods(&self, label: &str) -> Vec<Value> {
        self.cluster.get("pods", &["-n", &self.namespace, "-l", label]).unwrap_or_default()
    }

    /// Its task pods that are not on their way out.
    #[must_use]
    pub fn task_pods(&self) -> Vec<Value> {
        let mut pods = self.pods("app.kubernetes.io/name=fogflow-task");
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null() && pod["status"]["phase"] != "Failed");
        pods
    }

    /// Registers an operator with one image and these parameters, and an intent to run it for each entity of a type; gives
    /// the id of its intent.
    ///
    /// # Errors
    /// When the designer refuses it.
    pub async fn run_for_each(&self, entity_type: &str, operator: &Value) -> anyhow::Result<String> {
        self.run_with(entity_type, operator, json!({})).await
    }

    /// As [`Release::run_for_each`], with members of the intent's own, such as `parameters` or `priority`.
    ///
    /// # Errors
    /// When the designer refuses it.
    pub async fn run_with(&self, entity_type: &str, operator: &Value, own: Value) -> anyhow::Result<String> {
        let name = operator["name"].as_str().context("an operator without a name")?;
        self.api.post(&format!("{}/operator", self.url), &json!([operator])).await?;
        let topology = json!({ "name": name, "description": "", "tasks": [{
            "name": "main", "operator": name,
            "input_streams": [{ "selected_type": entity_type, "selected_attributes": [], "groupby": "EntityID", "scoped": false }],
            "output_streams": [{ "entity_type": format!("{name}Result") }]
        }] });
        self.api.post(&format!("{}/service", self.url), &json!([{ "topology": topology, "designboard": {} }])).await?;
        let mut intent = json!({ "topology": name, "stype": "ASYN", "qos": "default",
            "priority": { "exclusive": false, "level": 50 },
            "geoscope": { "scopeType": "global", "scopeValue": "global" } });
        if let (Some(intent), Value::Object(own)) = (intent.as_object_mut(), own) {
            intent.extend(own);
        }
        let answer = self.api.post(&format!("{}/intent", self.url), &intent).await?;
        Ok(answer["id"].as_str().context("the designer gave no id")?.to_owned())
    }

    /// Ends an intent.
    ///
    /// # Errors
    /// When the designer refuses it.
    pub async fn withdraw(&self, intent: &str) -> anyhow::Result<()> {
        let (status, answer) =
            self.api.call(http::Method::DELETE, &format!("{}/intent/{intent}", self.url), "").await?;
        anyhow::ensure!(status == 200, "{status} {answer}");
        Ok(())
    }

    /// Updates an entity with one attribute at the URL of a broker or nginx.
    ///
    /// # Errors
    /// When it is not acknowledged.
    pub async fn sense(&self, url: &str, entity_type: &str, id: &str, value: f64) -> anyhow::Result<()> {
        let element = json!({ "entityId": { "id": id, "type": entity_type },
            "attributes": [{ "name": "value", "type": "float", "value": value }] });
        until("an update is acknowledged", async || {
            self.api.update(url, &element).await.map_err(|error| format!("{error:#}"))
        })
        .await
    }

    /// Posts JSON from a pod of the release, for what only the inside of the cluster reaches.
    ///
    /// # Errors
    /// What kubectl or the service said.
    pub fn post_from_inside(&self, url: &str, body: &Value) -> anyhow::Result<()> {
        let rest = url.strip_prefix("http://").context("not http")?;
        let (authority, path) = rest.split_once('/').context("no path")?;
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        let service = host.split('.').next().unwrap_or(host);
        let proxied = format!("/api/v1/namespaces/{}/services/{service}:{port}/proxy/{path}", self.namespace);
        self.cluster.create_raw(&proxied, body).map(drop)
    }

    /// The task instances of an intent.
    pub async fn tasks(&self, intent: &str) -> Vec<Task> {
        let told = self.api.get(&format!("{}/info/task/{intent}", self.url)).await.unwrap_or_default();
        let text = |task: &Value, name: &str| task[name].as_str().unwrap_or_default().to_owned();
        let task = |task: &Value| Task {
            id: text(task, "ID"),
            status: text(task, "Status"),
            reason: text(task, "Reason"),
            worker: text(task, "Worker"),
        };
        told.as_array().into_iter().flatten().map(task).collect()
    }

    /// Waits until the intent has so many running instances and no others.
    ///
    /// # Errors
    /// With what it has instead.
    pub async fn running(&self, intent: &str, count: usize) -> anyhow::Result<Vec<Task>> {
        until("the instances run", async || {
            let tasks = self.tasks(intent).await;
            let running = tasks.iter().filter(|task| task.status == "running").count();
            if running == count && tasks.len() == count { Ok(tasks) } else { Err(format!("{tasks:?}")) }
        })
        .await
        .with_context(|| self.describe())
    }

    /// Waits until an instance of the intent says why it does not run, in words that contain one of `words`.
    ///
    /// # Errors
    /// With what the intent says instead.
    pub async fn trouble(&self, intent: &str, words: &[&str]) -> anyhow::Result<Task> {
        until("the intent says what is wrong", async || {
            let tasks = self.tasks(intent).await;
            let telling = tasks.iter().find(|task| words.iter().any(|word| task.reason.contains(word)));
            telling.cloned().ok_or_else(|| format!("{tasks:?}"))
        })
        .await
        .with_context(|| self.describe())
    }

    /// Waits until a result of a counter for an entity has reached a number; results are entities of that type.
    ///
    /// # Errors
    /// With the results there are.
    pub async fn counted(&self, entity_type: &str, least: i64) -> anyhow::Result<()> {
        until("results come", async || {
            let results = self.api.query_type(&self.url, entity_type).await.map_err(|error| format!("{error:#}"))?;
            let count = |result: &Value| {
                let attributes = result["attributes"].as_array()?;
                attributes.iter().find(|attribute| attribute["name"] == "counter")?["value"].as_i64()
            };
            let reached = results.iter().filter_map(count).any(|count| count >= least);
            if reached { Ok(()) } else { Err(format!("{results:?}")) }
        })
        .await
        .with_context(|| self.describe())
    }

    /// Waits until `look` finds nothing left to say.
    ///
    /// # Errors
    /// With what it last said.
    pub async fn until(&self, what: &str, look: impl AsyncFnMut() -> Result<(), String>) -> anyhow::Result<()> {
        until(what, look).await.with_context(|| self.describe())
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        if std::env::var_os("CLUSTER_KEEP").is_some() {
            return;
        }
        // What is left behind is removed by the next test that uses the name.
        let _ = self.cluster.helm(&["uninstall", &self.namespace, "-n", &self.namespace, "--wait"]);
        let _ = self.cluster.kubectl(&["delete", "namespace", &self.namespace, "--wait", "--timeout=120s"]);
    }
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    pod["metadata"]["deletionTimestamp"].is_null() && ready.is_some_and(|condition| condition["status"] == "True")
}
