//! `/ngsi-ld/v1/temporal/entities` and the query in a body (ETSI GS CIM 009, 5.6.11, 5.7.4, 6.18, 6.24).

use axum::extract::State;
use axum::response::Response;
use context::temporal::Step;
use ngsi::ParseError;
use ngsi::ld::Context;
use ngsi::ld::temporal::Window;

use super::question::{Question, Said};
use super::{add, answer, search, subject};
use crate::Shared;
use crate::routes::ld::answer::{Failure, created, no_content};
use crate::routes::ld::call::Call;
use crate::routes::ld::params::link_pages;
use crate::routes::ld::search::{Search, warn};
use crate::routes::ld::{query_body, rendering};
use crate::temporal::Reading;

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let search = crate::routes::ld::search::of_params(&call, &context)?;
    let question = Question::of_params(&call.params)?.must_say_when()?;
    answered(&broker, &call, &context, &search, &question).await
}

pub(super) async fn query(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let call = query_body::adopt(call)?;
    let (search, context) = query_body::read(&broker, &call).await?;
    let said: Said = call.object(false)?;
    let question = Question::of(&call.params, &said)?.must_say_when()?;
    answered(&broker, &call, &context, &search, &question).await
}

async fn answered(
    broker: &Shared,
    call: &Call,
    context: &Context,
    search: &Search,
    question: &Question,
) -> Result<Response, Failure> {
    let answering = rendering::of_evolutions(broker, call, context, question.form.representation()).await?;
    let found = search::run(broker, call, context, search, question, &answering).await?;
    let page = search.page();
    let mut response = answer::many(&answering, question, &found, page.counts);
    link_pages(&mut response, page, call.path_and_query(), found.count > page.end());
    warn(&mut response, &found.problems);
    Ok(response)
}

/// Creates an evolution, or adds to the one there is.
pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let (fragment, _) = add::read(&broker, &call).await?;
    if fragment.id.is_empty() {
        return Err(ParseError::new("id", "missing").into());
    }
    let id = fragment.id.clone();
    let known = subject(&broker, id.as_str()).await?;
    if known.is_none()
        && let Some(answer) = call.answered_by_owner(&broker, id.as_str()).await?
    {
        return Ok(answer);
    }
    let is_new = known.is_none();
    let _room = broker.admit(call.body.len()).await;
    let step = add::step(&broker, fragment, known, service::now())?;
    broker.temporal.carry_out(&broker.ledger, step).await?;
    if is_new { Ok(created(&format!("/ngsi-ld/v1/temporal/entities/{id}"))) } else { Ok(no_content()) }
}

/// Deletes the evolutions that are found, or attributes of them.
pub(super) async fn purge(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let search = crate::routes::ld::search::of_params(&call, &context)?;
    let all =
        Reading { window: Window::default(), attributes: Vec::new(), most: broker.temporal.settings.max_instances };
    let (candidates, mut after) = (search.candidates(), String::new());
    loop {
        let subjects = broker.temporal.subjects(&after, &candidates, search::CHUNK).await?;
        let Some(last) = subjects.last() else { return Ok(no_content()) };
        last.entity.id.as_str().clone_into(&mut after);
        for subject in subjects.into_iter().filter(|subject| search.selects(&subject.entity)) {
            let (evolution, _) = search::read(&broker, subject, &all).await?;
            if search.meets(&evolution.as_entity()) {
                let entity = evolution.subject.entity.id;
                for step in steps(&search, entity) {
                    broker.temporal.carry_out(&broker.ledger, step).await?;
                }
            }
        }
    }
}

fn steps(search: &Search, entity: ngsi::EntityId) -> Vec<Step> {
    if search.attributes().is_empty() {
        return vec![Step::ForgetEntity(entity)];
    }
    let forget =
        |name: &ngsi::Name| Step::ForgetAttribute { entity: entity.clone(), name: name.clone(), dataset_id: None };
    search.attributes().iter().map(forget).collect()
}
