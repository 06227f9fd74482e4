//! All other brokers that discovery knows, asked the same thing: for what discovery has no index of.

use futures_util::{StreamExt, stream};
use http::header::{ACCEPT, HeaderValue, USER_AGENT};
use http::{HeaderMap, StatusCode};
use ngsi::v1::BROKER_USER_AGENT;

use super::remote::TIMEOUT;
use crate::broker::Broker;

/// The most brokers that are asked for one answer, and how many at once.
const MAX_BROKERS: usize = 1_000;
const AT_ONCE: usize = 32;

/// What other brokers have answered.
#[derive(Default)]
pub(crate) struct Everywhere {
    /// Those that had something to say.
    pub(crate) answers: Vec<Answered>,
    /// Who did not answer.
    pub(crate) problems: Vec<String>,
}

/// The answer of one broker.
pub(crate) struct Answered {
    /// Its URL, without a dialect.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
}

/// Sends a request to all of them; `request` makes it for the URL of one. Who answers 404 has nothing to say.
pub(crate) async fn ask_everywhere(
    broker: &Broker,
    request: impl Fn(&str) -> http::request::Builder,
    body: &bytes::Bytes,
) -> Everywhere {
    if broker.federation.alone {
        return Everywhere::default();
    }
    let urls = match broker.federation.discovery.brokers().await {
        Ok(urls) => urls,
        Err(error) => {
            return Everywhere {
                problems: vec![format!("only what this broker has: {error}")],
                ..Everywhere::default()
            };
        }
    };
    let mut others: Vec<String> = urls.into_iter().filter(|url| url != broker.own_url()).collect();
    let mut everywhere = Everywhere::default();
    if others.len() > MAX_BROKERS {
        others.truncate(MAX_BROKERS);
        everywhere.problems.push(format!("only the first {MAX_BROKERS} brokers were asked"));
    }
    let asked = others.iter().map(|url| {
        let base = url.trim_end_matches('/').trim_end_matches("/ngsi10");
        ask(broker, base, request(base), body.clone())
    });
    let mut answers = stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => everywhere.answers.extend(answer),
            Err(problem) => everywhere.problems.push(problem),
        }
    }
    everywhere
}

async fn ask(
    broker: &Broker,
    url: &str,
    request: http::request::Builder,
    body: bytes::Bytes,
) -> Result<Option<Answered>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{url}: {error}");
    let request = request
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, HeaderValue::from_static(BROKER_USER_AGENT))
        .body(body)
        .map_err(|error| told(&error))?;
    let answer = broker.node.client.send_with_timeout(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => {
            let (parts, body) = answer.into_parts();
            Ok(Some(Answered { url: url.to_owned(), headers: parts.headers, body }))
        }
        status => Err(format!("{url}: answered {status}")),
    }
}
