//! `/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}/{instance}`: one instance (ETSI GS CIM 009, 5.6.14, 5.6.15, 6.22).

use axum::extract::{Path, State};
use axum::response::Response;
use context::temporal::Step;
use ngsi::ld::temporal::{Instance, Subject};
use ngsi::ld::{Document, Form, Fragment, Nulls, Reading};
use ngsi::{Name, ParseError, Timestamp};

use super::{Found, attribute_name, find, no_instance};
use crate::Shared;
use crate::routes::ld::answer::{Failure, no_content};
use crate::routes::ld::call::Call;
use crate::routes::ld::change;

/// Amends an instance: what the body does not name stays.
pub(super) async fn amend(
    State(broker): State<Shared>,
    Path((id, name, instance)): Path<(String, String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let (subject, stored) = match locate(&broker, &call, &id, &name, &instance).await? {
        Found::Here(subject) => {
            let (fragment, stored) = body(&broker, &call, &name).await?;
            let former = recorded(&broker, &subject, &stored, &instance).await?;
            (subject, amended(former, fragment, service::now())?)
        }
        Found::Elsewhere(answer) => return Ok(answer),
    };
    let _room = broker.admit(call.body.len()).await;
    broker.temporal.carry_out(&broker.ledger, Step::Append { subject, instances: vec![stored] }).await?;
    Ok(no_content())
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path((id, name, instance)): Path<(String, String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let stored = attribute_name(&broker, &call, &name).await?;
    let subject = match locate(&broker, &call, &id, &name, &instance).await? {
        Found::Here(subject) => subject,
        Found::Elsewhere(answer) => return Ok(answer),
    };
    let Instance { number, attribute, .. } = recorded(&broker, &subject, &stored, &instance).await?;
    let (entity, dataset_id) = (subject.entity.id, attribute.dataset_id);
    let step = Step::ForgetInstance { entity, name: stored, dataset_id, number };
    broker.temporal.carry_out(&broker.ledger, step).await?;
    Ok(no_content())
}

async fn locate(broker: &Shared, call: &Call, id: &str, name: &str, instance: &str) -> Result<Found, Failure> {
    change::check_id(instance)?;
    let found = find(broker, call, id).await?;
    if matches!(found, Found::Here(_)) && Instance::number_in(instance).is_none() {
        return Err(no_instance(name));
    }
    Ok(found)
}

async fn recorded(broker: &Shared, subject: &Subject, name: &Name, instance: &str) -> Result<Instance, Failure> {
    let number = Instance::number_in(instance).ok_or_else(|| no_instance(name.as_str()))?;
    let found = broker.temporal.instance(&subject.entity.id, name.as_str(), number).await?;
    found.ok_or_else(|| no_instance(name.as_str()))
}

/// The instance in the body: as the attribute of an entity, or alone.
async fn body(broker: &Shared, call: &Call, name: &str) -> Result<(Fragment, Name), Failure> {
    let document = Document::read(call.json(true)?)?;
    let context = call.context(broker, document.context()).await?;
    let reading = Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused };
    let stored = reading.attribute_name(name)?;
    if !reading.speaks_of(&stored, &document) {
        return Ok((reading.attribute(name, &document)?, stored));
    }
    let mut attributes = reading.evolution(&document)?.attributes.into_iter();
    match (attributes.next(), attributes.next()) {
        (Some(only), None) if only.name == stored => Ok((only, stored)),
        _ => Err(ParseError::new(name, "must be the only attribute, with one instance").into()),
    }
}

fn amended(former: Instance, fragment: Fragment, now: Timestamp) -> Result<Instance, ParseError> {
    let mut attribute = former.attribute;
    let sets_value = fragment.value.is_some();
    let given = Fragment { value: fragment.value.or_else(|| Some(attribute.value.clone())), ..fragment };
    let given = given.into_attribute(now)?;
    if sets_value {
        (attribute.value, attribute.value_type) = (given.value, given.value_type);
    }
    attribute.modified_at = now;
    for metadatum in given.metadata {
        attribute.metadata.retain(|former| former.name != metadatum.name);
        attribute.metadata.push(metadatum);
    }
    Ok(Instance { attribute, ..former })
}
