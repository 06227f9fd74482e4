//! Answers in the form of NGSI-LD.

use axum::response::{IntoResponse, Response};
use context::linked::LeftOut;
use context::{LinkedEdited, LinkedRefusal};
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use ngsi::json::write_string;
use ngsi::ld::{Context, Kind, Problem};
use ngsi::{Name, RegistrationId};
use service::http::Reason;
use storage::StorageError;

use crate::answer;

/// A request that was not carried out.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Problem::new(kind, detail))
    }

    pub(super) fn no_entity(id: &str) -> Self {
        Self::new(Kind::ResourceNotFound, format!("there is no entity `{id}`"))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = with_status(answer::json(self.0.body()), self.0.kind.status());
        response.extensions_mut().insert(Reason(self.0.detail));
        response
    }
}

/// What the disk refused.
pub(super) fn unsaved(error: StorageError) -> Problem {
    Problem::new(Kind::ServiceUnavailable, answer::Failure::from(error).details())
}

/// What an edit was refused for.
pub(super) fn refused(refusal: &LinkedRefusal) -> Problem {
    let kind = match refusal {
        LinkedRefusal::UnknownEntity | LinkedRefusal::UnknownAttribute(_) => Kind::ResourceNotFound,
        LinkedRefusal::Exists | LinkedRefusal::Taken => Kind::AlreadyExists,
        LinkedRefusal::Unsuitable(_) | LinkedRefusal::TooManyAttributes => Kind::BadRequestData,
    };
    Problem::new(kind, refusal.to_string())
}

fn with_status(mut response: Response, status: u16) -> Response {
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    response
}

pub(super) fn no_content() -> Response {
    with_status(Response::default(), 204)
}

/// Says where what was created is found.
pub(super) fn created(path: &str) -> Response {
    let mut response = with_status(Response::default(), 201);
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    response
}

/// What became of the attributes of one entity (5.2.18): nothing to say when all were set. Names are IRIs, as the answer has no
/// context.
pub(super) fn updated(edited: &LinkedEdited, context: &Context) -> Response {
    if edited.left_out.is_empty() {
        return no_content();
    }
    let mut out = b"{\"updated\":[".to_vec();
    list(&mut out, &edited.updated, |out, name| write_string(out, &context.iri(name)));
    out.extend_from_slice(b"],\"notUpdated\":[");
    list(&mut out, &edited.left_out, |out, (name, reason)| {
        out.extend_from_slice(b"{\"attributeName\":");
        write_string(out, &context.iri(name));
        out.extend_from_slice(b",\"reason\":");
        write_string(out, &reason.to_string());
        out.push(b'}');
    });
    out.extend_from_slice(b"]}");
    with_status(answer::json(out), 207)
}

/// A part of a change that was not carried out.
pub(super) struct Failed {
    pub(super) problem: Problem,
    /// The registration of the source that was to do it.
    pub(super) registration: Option<RegistrationId>,
}

/// An attribute that was not changed (5.2.19).
pub(super) struct NotUpdated {
    name: Name,
    reason: String,
    registration: Option<RegistrationId>,
}

impl NotUpdated {
    pub(super) fn new(name: &Name, reason: &str, registration: Option<&RegistrationId>) -> Self {
        Self { name: name.clone(), reason: reason.to_owned(), registration: registration.cloned() }
    }
}

/// What became of a change that several do parts of: `done` if all did, the first problem if nobody did, else what failed.
pub(super) fn partial(id: &str, any: bool, mut failed: Vec<Failed>, done: Response) -> Response {
    if failed.is_empty() {
        return done;
    }
    if !any {
        return Failure(failed.swap_remove(0).problem).into_response();
    }
    with_each(id, Some(id), &failed)
}

/// What became of a change that nobody did, each for a reason of their own.
pub(super) fn each_failed(id: &str, failed: &[Failed]) -> Response {
    with_each(id, None, failed)
}

fn with_each(id: &str, success: Option<&str>, failed: &[Failed]) -> Response {
    let mut out = b"{\"success\":[".to_vec();
    success.into_iter().for_each(|id| write_string(&mut out, id));
    out.extend_from_slice(b"],\"errors\":[");
    list(&mut out, failed, |out, failed| write_error(out, id, &failed.problem, failed.registration.as_ref()));
    out.extend_from_slice(b"]}");
    with_status(answer::json(out), 207)
}

/// As [`updated`], when several do parts of it. Names are IRIs where the core has no term: nobody knows the context (6.3.6).
pub(super) fn partly_updated(names: &[Name], not: &[NotUpdated], done: Response) -> Response {
    if not.is_empty() {
        return done;
    }
    let context = Context::core();
    let mut out = b"{\"updated\":[".to_vec();
    let updated = names.iter().filter(|name| not.iter().all(|not| not.name != **name));
    list(&mut out, updated, |out, name| write_string(out, &context.compact(name)));
    out.extend_from_slice(b"],\"notUpdated\":[");
    list(&mut out, not, |out, not| {
        out.extend_from_slice(b"{\"attributeName\":");
        write_string(out, &context.compact(&not.name));
        out.extend_from_slice(b",\"reason\":");
        write_string(out, &not.reason);
        write_registration(out, not.registration.as_ref());
    });
    out.extend_from_slice(b"]}");
    with_status(answer::json(out), 207)
}

fn write_error(out: &mut Vec<u8>, id: &str, problem: &Problem, registration: Option<&RegistrationId>) {
    out.extend_from_slice(b"{\"entityId\":");
    write_string(out, id);
    out.extend_from_slice(b",\"error\":");
    out.extend_from_slice(&problem.body());
    write_registration(out, registration);
}

/// Ends an object, with the registration that it is about.
fn write_registration(out: &mut Vec<u8>, registration: Option<&RegistrationId>) {
    if let Some(id) = registration {
        out.extend_from_slice(b",\"registrationId\":");
        write_string(out, id.as_str());
    }
    out.push(b'}');
}

/// The problem that attributes left out are to a batch, which has no finer word for it.
pub(super) fn left_out(left_out: &[(ngsi::Name, LeftOut)], context: &Context) -> Option<Problem> {
    let said: Vec<_> = left_out.iter().map(|(name, reason)| format!("{}: {reason}", context.compact(name))).collect();
    (!said.is_empty()).then(|| Problem::bad_request(said.join("; ")))
}

/// What became of the entities of a batch (5.2.16).
#[derive(Default)]
pub(super) struct BatchOutcome {
    /// Created.
    pub(super) created: Vec<String>,
    /// Changed.
    pub(super) changed: Vec<String>,
    /// Not, or not wholly, carried out; without an identifier when none could be read.
    pub(super) failed: Vec<(String, Problem)>,
}

impl BatchOutcome {
    /// `201` with what was created, `204` when nothing was, `207` when anything failed.
    pub(super) fn answer(&self) -> Response {
        if !self.failed.is_empty() {
            return self.partial();
        }
        if self.created.is_empty() {
            return no_content();
        }
        let mut out = vec![b'['];
        list(&mut out, &self.created, |out, id| write_string(out, id));
        out.push(b']');
        with_status(answer::json(out), 201)
    }

    fn partial(&self) -> Response {
        let mut out = b"{\"success\":[".to_vec();
        list(&mut out, self.created.iter().chain(&self.changed), |out, id| write_string(out, id));
        out.extend_from_slice(b"],\"errors\":[");
        list(&mut out, &self.failed, |out, (id, problem)| {
            write_error(out, id, problem, None);
        });
        out.extend_from_slice(b"]}");
        with_status(answer::json(out), 207)
    }
}

/// Appends items with commas between them.
pub(super) fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}
