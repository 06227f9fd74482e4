//! What a request adds to an evolution (ETSI GS CIM 009, 5.6.11, 5.6.12).

use context::temporal::Step;
use ngsi::ld::temporal::{Instance, Subject};
use ngsi::ld::{Context, Document, EntityFragment, Form, Nulls, Reading};
use ngsi::{Entity, ParseError, Timestamp};

use crate::Shared;
use crate::routes::ld::answer::Failure;
use crate::routes::ld::call::Call;

/// The body, and the context that its names are of.
pub(super) async fn read(broker: &Shared, call: &Call) -> Result<(EntityFragment, Context), Failure> {
    let document = Document::read(call.json(false)?)?;
    let context = call.context(broker, document.context()).await?;
    let reading = Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused };
    let fragment = reading.evolution(&document)?;
    Ok((fragment, context))
}

/// The step that adds the instances; an entity of which nothing was recorded gets the types of the request.
pub(super) fn step(
    broker: &Shared,
    fragment: EntityFragment,
    known: Option<Subject>,
    now: Timestamp,
) -> Result<Step, ParseError> {
    let EntityFragment { id, types, scopes, attributes } = fragment;
    let mut instances = Vec::with_capacity(attributes.len());
    for fragment in attributes {
        let name = fragment.name.clone();
        let attribute = fragment.into_attribute(now).map_err(|error| error.within(name.as_str()))?;
        instances.push(Instance { number: broker.temporal.number(now), attribute, deleted_at: None });
    }
    let mut types = types.into_iter();
    let mut subject = match known {
        Some(subject) => subject,
        None => Subject {
            entity: Entity::new(id, types.next().ok_or_else(|| ParseError::new("type", "missing"))?, now),
            deleted_at: None,
        },
    };
    let entity = &mut subject.entity;
    entity.modified_at = now;
    let further: Vec<_> = types.filter(|name| !entity.types().any(|known| known == name)).collect();
    entity.more_types.extend(further);
    entity.more_types.sort_unstable();
    if let Some(scopes) = scopes {
        entity.scopes = scopes;
    }
    Ok(Step::Append { subject, instances })
}
