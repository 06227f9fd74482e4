//! Answers that hold evolutions: `206` and the range that is covered when there is more (ETSI GS CIM 009, 6.3.10).

use axum::response::Response;
use context::temporal::{Covered, aggregate};
use http::header::CONTENT_RANGE;
use http::{HeaderValue, StatusCode};
use ngsi::ld::temporal::{Evolution, Window};
use ngsi::ld::write::Temporal;

use super::question::{Form, Question};
use super::search::Found;
use crate::routes::ld::rendering::Answering;

/// One evolution.
pub(super) fn one(answering: &Answering<'_>, question: &Question, found: &Found) -> Option<Response> {
    let evolution = found.evolutions.first().filter(|evolution| answering.rendering.shows_any_of(evolution))?;
    let write = |temporal: &Temporal<'_>| {
        let mut out = Vec::with_capacity(1024);
        answering.rendering.write_evolution(&mut out, evolution, temporal);
        out
    };
    Some(ranged(answering.response(written(question, write)), &question.window, found.covered))
}

pub(super) fn many(answering: &Answering<'_>, question: &Question, found: &Found, counts: bool) -> Response {
    let write = |temporal: &Temporal<'_>| {
        let mut out = Vec::with_capacity(1024);
        let evolutions: &[Evolution] = &found.evolutions;
        answering.rendering.write_evolutions(&mut out, evolutions, temporal);
        out
    };
    let mut response = ranged(answering.response(written(question, write)), &question.window, found.covered);
    if counts {
        response.headers_mut().insert("ngsild-results-count", HeaderValue::from(found.count));
    }
    response
}

fn written(question: &Question, write: impl Fn(&Temporal<'_>) -> Vec<u8>) -> Vec<u8> {
    let window = &question.window;
    match &question.form {
        Form::Full(_) => write(&Temporal::Full),
        Form::Values => write(&Temporal::Values(window)),
        Form::Aggregated { methods, duration } => {
            write(&Temporal::Aggregated(&|series| aggregate(series, methods, *duration, window)))
        }
    }
}

fn ranged(mut response: Response, window: &Window, covered: Option<Covered>) -> Response {
    let Some(Covered { from, to }) = covered else { return response };
    let size = window.last.map_or_else(|| "*".to_owned(), |last| last.to_string());
    let (from, to) = (from.brief(), to.brief());
    if let Ok(range) = HeaderValue::try_from(format!("date-time {from}-{to}/{size}")) {
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    response
}
