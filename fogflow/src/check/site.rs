//! The system, as its users reach it.

use std::path::Path;

use anyhow::ensure;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use service::http::{Client, system_authorities};

use crate::process;

/// More of an answer that says what is wrong is not shown.
const SHOWN_BYTES: usize = 400;

pub(crate) struct Site {
    client: Client,
    pub(crate) url: String,
}

impl Site {
    pub(crate) fn new(url: &str, authorities: Option<&Path>) -> anyhow::Result<Self> {
        let parsed = url.parse::<http::Uri>().ok().filter(|uri| uri.host().is_some());
        let scheme = parsed.as_ref().and_then(http::Uri::scheme_str);
        let client = match scheme {
            Some("http") => Client::new(None),
            Some("https") => Client::trusting(&authorities.map_or_else(system_authorities, Path::to_owned))?,
            _ => anyhow::bail!("--url `{url}`: must be of the form http://host, http://host:port or https://host"),
        };
        ensure!(parsed.is_some_and(|uri| uri.query().is_none()), "--url `{url}`: must have no `?`");
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// The body of a page.
    pub(crate) async fn page(&self, path: &str) -> Result<String, String> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, String> {
        let body = self.call(Method::GET, path, None).await?;
        serde_json::from_str(&body).map_err(|error| format!("GET {path}: the answer is not JSON: {error}"))
    }

    pub(crate) async fn post(&self, path: &str, document: &Value) -> Result<String, String> {
        self.call(Method::POST, path, Some(document)).await
    }

    /// What is not there counts as deleted.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), String> {
        match self.answer(Method::DELETE, path, None).await? {
            (status, _) if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            (status, body) => Err(refused(&Method::DELETE, path, status, &body)),
        }
    }

    async fn call(&self, method: Method, path: &str, document: Option<&Value>) -> Result<String, String> {
        let (status, body) = self.answer(method.clone(), path, document).await?;
        if status.is_success() { Ok(body) } else { Err(refused(&method, path, status, &body)) }
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        document: Option<&Value>,
    ) -> Result<(StatusCode, String), String> {
        let body = document.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.url));
        let request = request.header("Content-Type", "application/json").body(body.into());
        let request = request.map_err(|error| format!("{method} {path}: {error}"))?;
        let answer = self.client.send(request).await;
        let answer = answer.map_err(|error| format!("{method} {path}: {}", process::in_one_line(&error.kind)))?;
        Ok((answer.status(), String::from_utf8_lossy(answer.body()).into_owned()))
    }
}

fn refused(method: &Method, path: &str, status: StatusCode, body: &str) -> String {
    let mut shown: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown.len() > SHOWN_BYTES {
        shown.truncate(shown.floor_char_boundary(SHOWN_BYTES));
        shown.push('…');
    }
    format!("{method} {path} answered {status}: {shown}")
}
