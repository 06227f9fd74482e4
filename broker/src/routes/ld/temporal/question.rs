//! What is asked of evolutions: which time, and in which form (ETSI GS CIM 009, 4.5.7 to 4.5.9, 4.5.19, 4.11).

use std::collections::HashMap;

use ngsi::ld::temporal::{Duration, Method, Window};
use ngsi::ld::write::Representation;
use ngsi::ld::{Kind, Problem};
use serde::Deserialize;
use serde_json::Value;

use crate::routes::ld::params::Params;

/// How many more instances figures are made of than an answer holds.
const AGGREGATED: usize = 10;

pub(super) struct Question {
    pub(super) window: Window,
    pub(super) form: Form,
}

pub(super) enum Form {
    Full(Representation),
    Values,
    Aggregated { methods: Vec<Method>, duration: Duration },
}

/// `temporalQ` and `aggrParams` of a query in a body.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    #[serde(default, rename = "temporalQ")]
    temporal: HashMap<String, Value>,
    #[serde(default)]
    aggr_params: HashMap<String, Value>,
}

impl Question {
    pub(super) fn of_params(params: &Params) -> Result<Self, Problem> {
        Self::of(params, &Said::default())
    }

    /// What a body does not say, the parameters of the URL may.
    pub(super) fn of(params: &Params, said: &Said) -> Result<Self, Problem> {
        let said: HashMap<&str, String> = said
            .temporal
            .iter()
            .chain(&said.aggr_params)
            .map(|(name, value)| (name.as_str(), in_text(value)))
            .collect();
        let given = |name: &str| said.get(name).map(String::as_str).or_else(|| params.get(name));
        Ok(Self { window: Window::parse(given)?, form: Form::of(params, given)? })
    }

    /// As [`Question::of`], where a time must be asked for (5.7.4).
    pub(super) fn must_say_when(self) -> Result<Self, Problem> {
        match self.window.relation {
            Some(_) => Ok(self),
            None => Err(Problem::bad_request("timerel: missing, and timeAt with it")),
        }
    }

    /// How many instances are read, where an answer holds at most `most`.
    pub(super) fn most(&self, most: usize) -> usize {
        match self.form {
            Form::Aggregated { .. } => most.saturating_mul(AGGREGATED),
            Form::Full(_) | Form::Values => most,
        }
    }
}

/// As it would stand in a URL.
fn in_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

impl Form {
    fn of<'a>(params: &'a Params, given: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem>
    where
        Self: 'a,
    {
        if let Some(unknown) = params.get("format").filter(|format| Named::of(format).is_none()) {
            let known = "normalized, concise, temporalValues or aggregatedValues";
            return Err(Problem::new(Kind::InvalidRequest, format!("format: must be {known}, is `{unknown}`")));
        }
        let format = params.get("format").into_iter();
        let mut named = format.chain(params.list("options")?).filter_map(Named::of);
        match named.next().unwrap_or(Named::Full(Representation::Normalized)) {
            Named::Full(representation) => Ok(Self::Full(representation)),
            Named::Values => Ok(Self::Values),
            Named::Aggregated => Ok(Self::Aggregated {
                methods: methods(given("aggrMethods"))?,
                duration: given("aggrPeriodDuration").map(Duration::parse).transpose()?.unwrap_or_default(),
            }),
        }
    }

    pub(super) fn representation(&self) -> Representation {
        match self {
            Self::Full(representation) => *representation,
            Self::Values | Self::Aggregated { .. } => Representation::Normalized,
        }
    }
}

enum Named {
    Full(Representation),
    Values,
    Aggregated,
}

impl Named {
    fn of(name: &str) -> Option<Self> {
        match name {
            "normalized" => Some(Self::Full(Representation::Normalized)),
            "concise" => Some(Self::Full(Representation::Concise)),
            "temporalValues" | "simplified" | "keyValues" => Some(Self::Values),
            "aggregatedValues" => Some(Self::Aggregated),
            _ => None,
        }
    }
}

fn methods(given: Option<&str>) -> Result<Vec<Method>, Problem> {
    let Some(given) = given else { return Err(Problem::bad_request("aggrMethods: missing")) };
    let mut methods = Vec::new();
    for name in given.split(',').map(str::trim) {
        let method = Method::named(name).ok_or_else(|| {
            let known = "totalCount, distinctCount, sum, avg, min, max, stddev and sumsq";
            Problem::bad_request(format!("aggrMethods: must be of {known}, is `{name}`"))
        })?;
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    Ok(methods)
}
