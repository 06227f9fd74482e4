//! A change of one entity, of which sources do a part (ETSI GS CIM 009, 5.6).

use axum::response::Response;
use context::LinkedEdited;
use context::sources::{Attributes, HasSource, Part, Subject, split};
use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::ld::{Context, Kind, Problem};
use ngsi::registration::Operation;
use ngsi::{Name, RegistrationId};

use super::super::answer::{Failed, NotUpdated, each_failed, partial, partly_updated};
use super::super::call::Call;
use super::journey::{Journey, Message};
use super::payload::Payload;
use super::trouble::{Trouble, Warning, warn};
use super::{AT_ONCE, MAX_SOURCES};
use crate::Shared;
use crate::sources::Registered;

/// What is to be done to an entity.
pub(in crate::routes::ld) struct Change<'a> {
    pub(in crate::routes::ld) operation: Operation,
    pub(in crate::routes::ld) method: Method,
    /// Behind `/ngsi-ld/v1`, with the name of an attribute left out.
    pub(in crate::routes::ld) path: String,
    /// The name of the attribute that the path ends with.
    pub(in crate::routes::ld) attribute: Option<&'a Name>,
    /// Parameters that go on to sources.
    pub(in crate::routes::ld) params: &'a [&'a str],
    pub(in crate::routes::ld) id: &'a str,
    /// As far as they are known.
    pub(in crate::routes::ld) types: &'a [Name],
    pub(in crate::routes::ld) attributes: Attributes,
    /// The body that says it of some of the attributes.
    pub(in crate::routes::ld) payload: &'a (dyn Fn(&Attributes) -> Option<Payload> + Sync),
}

/// What one source made of its part.
pub(in crate::routes::ld) struct Outcome {
    registration: RegistrationId,
    attributes: Attributes,
    /// Whether nobody else has that part.
    proxied: bool,
    result: Result<(), (Trouble, Problem)>,
}

/// What sources did, and what is left to be done here.
pub(in crate::routes::ld) struct Share {
    operation: Operation,
    /// Nothing, if sources alone have it.
    pub(in crate::routes::ld) here: Option<Attributes>,
    outcomes: Vec<Outcome>,
    warnings: Vec<Warning>,
}

/// Has the sources do their parts; nothing when none has one.
pub(in crate::routes::ld) async fn distribute(
    broker: &Shared,
    call: &Call,
    context: &Context,
    change: &Change<'_>,
) -> Option<Share> {
    if call.is_local() || broker.sources.is_empty() {
        return None;
    }
    // Boxed, so that requests which need no source do not carry it along.
    Box::pin(to_sources(broker, call, context, change)).await
}

async fn to_sources(broker: &Shared, call: &Call, context: &Context, change: &Change<'_>) -> Option<Share> {
    let journey = Journey::new(broker, call, context);
    let mut plan = broker.sources.with(|sources| {
        let met = |alias: &str| journey.via.has_met(alias);
        let subject = Subject { id: change.id, types: change.types };
        split(sources, subject, change.attributes.clone(), change.operation, &met, service::now())
    });
    if plan.there.is_empty() && plan.refused.is_empty() {
        return None;
    }
    let mut warnings = Vec::new();
    if plan.there.len() > MAX_SOURCES {
        plan.there.truncate(MAX_SOURCES);
        warnings.push(Warning::too_many());
    }
    let told = plan.there.into_iter().map(|part| tell(&journey, change, part));
    let results: Vec<_> = stream::iter(told).buffered(AT_ONCE).collect().await;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (part, result) in results {
        if let Err(trouble @ (Trouble::Loop | Trouble::Unanswered(_))) = &result {
            warnings.push(trouble.warning(&part.source));
        }
        outcomes.push(outcome(&part, result));
    }
    outcomes.extend(plan.refused.iter().map(|part| refusal(part, change.operation)));
    Some(Share { operation: change.operation, here: plan.here, outcomes, warnings })
}

async fn tell(
    journey: &Journey<'_>,
    change: &Change<'_>,
    part: Part<Registered>,
) -> (Part<Registered>, Result<(), Trouble>) {
    let result = tell_source(journey, change, &part).await;
    (part, result)
}

async fn tell_source(journey: &Journey<'_>, change: &Change<'_>, part: &Part<Registered>) -> Result<(), Trouble> {
    let language = journey.language(&part.source).await?;
    let given = change.params.iter().filter_map(|name| Some((*name, journey.call.params.get(name)?.to_owned())));
    let payload = (change.payload)(&part.attributes);
    let mut path = change.path.clone();
    if let Some(name) = change.attribute {
        path.push('/');
        path.push_str(&service::http::path_segment(&language.compact(name)));
    }
    let message = Message { method: change.method.clone(), path, query: given.collect(), payload: payload.as_ref() };
    let answer = journey.send(&part.source, &language, message).await?;
    match answer.status().as_u16() {
        207 => Err(Trouble::refused(207, answer.body())),
        _ => Ok(()),
    }
}

fn outcome(part: &Part<Registered>, result: Result<(), Trouble>) -> Outcome {
    let registration = &part.source.source().registration;
    Outcome {
        registration: registration.id.clone(),
        attributes: part.attributes.clone(),
        proxied: registration.mode.is_proxied(),
        result: result.map_err(|trouble| {
            let problem = trouble.problem(&part.source);
            (trouble, problem)
        }),
    }
}

fn refusal(part: &Part<Registered>, operation: Operation) -> Outcome {
    let registration = part.source.source().registration.id.clone();
    Outcome { registration, attributes: part.attributes.clone(), proxied: true, result: Err(refused(part, operation)) }
}

/// What cannot be done, since only a source has it that is not registered for it, or that sent the request.
pub(super) fn refused(part: &Part<Registered>, operation: Operation) -> (Trouble, Problem) {
    let registration = &part.source.source().registration;
    let (trouble, kind, why) = match part.source.source().operations.has(operation) {
        true => (Trouble::Loop, Kind::LoopDetected, "has sent the request"),
        false => {
            let refused = Trouble::Refused { status: 409, text: String::new() };
            (refused, Kind::Conflict, "is not registered for the operation")
        }
    };
    (trouble, Problem::new(kind, format!("the source of `{}`, which alone has it, {why}", registration.id)))
}

impl Outcome {
    /// Whether it is no failure as long as somebody else did it.
    fn is_minor(&self) -> bool {
        match &self.result {
            Err((trouble, _)) => !self.proxied && trouble.is_minor(),
            Ok(()) => false,
        }
    }

    /// Whether the source did its part, or some of it.
    fn is_done(&self) -> bool {
        self.result.as_ref().map_or_else(|(trouble, _)| trouble.is_partial(), |()| true)
    }

    /// Whether the source has no such entity.
    fn is_absence(&self) -> bool {
        matches!(&self.result, Err((trouble, _)) if trouble.is_absence())
    }

    fn failed(&self) -> Option<Failed> {
        let (_, problem) = self.result.as_ref().err()?;
        Some(Failed { problem: problem.clone(), registration: Some(self.registration.clone()) })
    }
}

/// What was done here of a change; nothing when there was nothing to do.
type Here = Option<Result<LinkedEdited, Problem>>;

impl Share {
    /// The answer to a change of a whole entity: `done` if all is, an error if nothing is, else what is not (5.2.16). What several
    /// have refused to create is told each by each.
    pub(in crate::routes::ld) fn conclude(self, broker: &Shared, id: &str, here: &Here, done: Response) -> Response {
        let (any, failed) = self.failures(here);
        let mut response = match self.operation {
            Operation::CreateEntity if !any && failed.len() > 1 => each_failed(id, &failed),
            _ => partial(id, any, failed, done),
        };
        warn(broker, &mut response, &self.warnings);
        response
    }

    /// The answer to a change of attributes: as [`Share::conclude`], with the attributes that are not changed (5.2.18).
    pub(in crate::routes::ld) fn conclude_attributes(
        self,
        broker: &Shared,
        names: &[Name],
        here: &Here,
        done: Response,
    ) -> Response {
        let (any, failed) = self.failures(here);
        let mut response = match any {
            false => partial("", false, failed, done),
            true => partly_updated(names, &self.not_updated(here), done),
        };
        warn(broker, &mut response, &self.warnings);
        response
    }

    /// Whether anything was done, and what was not. That an entity is not here, or not at an inclusive source, matters only if
    /// it is nowhere, or was to be deleted at both.
    fn failures(&self, here: &Here) -> (bool, Vec<Failed>) {
        let is_absence = |problem: &Problem| problem.kind == Kind::ResourceNotFound;
        let any = matches!(here, Some(Ok(_))) || self.outcomes.iter().any(Outcome::is_done);
        let deleted = self.operation == Operation::DeleteEntity;
        let shared = deleted && self.outcomes.iter().all(|outcome| !outcome.proxied);
        let own = here.as_ref().and_then(|here| here.as_ref().err());
        let own = own.filter(|problem| !any || shared || !is_absence(problem));
        let own = own.map(|problem| Failed { problem: problem.clone(), registration: None });
        let counts = |outcome: &&Outcome| !any || !outcome.is_minor() || (deleted && outcome.is_absence());
        let others = self.outcomes.iter().filter(counts).filter_map(Outcome::failed);
        let mut failed: Vec<Failed> = own.into_iter().chain(others).collect();
        // What says more than that the entity is unknown says why.
        failed.sort_by_key(|failed| is_absence(&failed.problem));
        (any, failed)
    }

    fn not_updated(&self, here: &Here) -> Vec<NotUpdated> {
        let done_elsewhere =
            |name: &Name| self.outcomes.iter().any(|outcome| outcome.result.is_ok() && outcome.attributes.has(name));
        let mut not: Vec<NotUpdated> = Vec::new();
        match here {
            Some(Ok(edited)) => {
                let left_out = edited.left_out.iter().filter(|(name, _)| !done_elsewhere(name));
                not.extend(left_out.map(|(name, why)| NotUpdated::new(name, &why.to_string(), None)));
            }
            Some(Err(problem)) => {
                let names = self.here.iter().flat_map(Attributes::names).filter(|name| !done_elsewhere(name));
                not.extend(names.map(|name| NotUpdated::new(name, &problem.detail, None)));
            }
            None => {}
        }
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.is_minor()) {
            if let Err((_, problem)) = &outcome.result {
                let names = outcome.attributes.names().iter();
                not.extend(names.map(|name| NotUpdated::new(name, &problem.detail, Some(&outcome.registration))));
            }
        }
        not
    }
}
