//! `/ngsi-ld/v1/temporal/entities/{id}` and its attributes (ETSI GS CIM 009, 5.6.12, 5.6.16, 5.7.3, 6.19, 6.20).

use axum::extract::{Path, State};
use axum::response::Response;
use context::temporal::Step;
use ngsi::{Name, ParseError};

use super::question::Question;
use super::search::Gathered;
use super::{Found, add, answer, find, search};
use crate::Shared;
use crate::routes::ld::answer::{Failure, no_content};
use crate::routes::ld::call::Call;
use crate::routes::ld::rendering;
use crate::temporal::Reading;

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    let subject = match find(&broker, &call, &id).await? {
        Found::Here(subject) => subject,
        Found::Elsewhere(answer) => return Ok(answer),
    };
    let context = call.context(&broker, None).await?;
    let question = Question::of_params(&call.params)?;
    let answering = rendering::of_evolutions(&broker, &call, &context, question.form.representation()).await?;
    let most = question.most(broker.temporal.settings.max_instances);
    let attributes: Vec<_> = answering.rendering.selection.attributes.iter().map(Name::to_string).collect();
    let reading = Reading { window: question.window, attributes, most };
    let (mut evolution, horizon) = search::read(&broker, subject.clone(), &reading).await?;
    if evolution.instances.is_empty() && !reading.attributes.is_empty() {
        return Err(Failure::no_entity(&id));
    }
    answering.keep_selected(&mut evolution);
    let mut gathered = Gathered::new(question.window, most);
    gathered.add(evolution, horizon);
    answer::one(&answering, &question, &gathered.finish(1)).ok_or_else(|| Failure::no_entity(&id))
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    match find(&broker, &call, &id).await? {
        Found::Elsewhere(answer) => Ok(answer),
        Found::Here(subject) => {
            broker.temporal.carry_out(&broker.ledger, Step::ForgetEntity(subject.entity.id)).await?;
            Ok(no_content())
        }
    }
}

/// Adds instances.
pub(super) async fn append(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let subject = match find(&broker, &call, &id).await? {
        Found::Here(subject) => subject,
        Found::Elsewhere(answer) => return Ok(answer),
    };
    let (fragment, _) = add::read(&broker, &call).await?;
    if !fragment.id.is_empty() && fragment.id != *id {
        return Err(ParseError::new("id", format!("must be `{id}`, as in the path")).into());
    }
    let _room = broker.admit(call.body.len()).await;
    let step = add::step(&broker, fragment, Some(subject), service::now())?;
    broker.temporal.carry_out(&broker.ledger, step).await?;
    Ok(no_content())
}
