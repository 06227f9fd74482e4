//! Bodies: entities and parts of them, with the context that their names are of.

use ngsi::ld::parse::{self, Document, Form, Nulls, Reading};
use ngsi::ld::{Context, EntityFragment, Fragment, Problem};
use ngsi::{EntityId, ParseError};
use serde_json::value::RawValue;

use super::answer::Failure;
use super::call::Call;
use crate::Shared;

/// The most entities of one batch.
const MAX_ENTITIES: usize = 10_000;

/// One entity of a batch, as it came and as it was understood.
pub(super) struct Item<'a> {
    /// Its identifier, as far as it could be read.
    pub(super) id: String,
    pub(super) raw: &'a RawValue,
    pub(super) read: Result<(EntityFragment, Context), Problem>,
}

/// What a body has to say of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All there is.
    Entity,
    /// What is to be set or deleted.
    Fragment,
    /// What is to be merged into what there is.
    Merge,
}

impl Wanted {
    fn nulls(self) -> Nulls {
        match self {
            Self::Entity => Nulls::Refused,
            Self::Fragment => Nulls::OfMembers,
            Self::Merge => Nulls::InValues,
        }
    }
}

fn reading<'c>(call: &Call, context: &'c Context, wanted: Wanted) -> Reading<'c> {
    let simplified = call.params.option("keyValues")
        || call.params.option("simplified")
        || matches!(call.params.get("format"), Some("keyValues" | "simplified"));
    let form = if simplified && wanted == Wanted::Merge { Form::Simplified } else { Form::Lossless };
    Reading { context, form, nulls: wanted.nulls() }
}

/// A whole entity.
pub(super) async fn entity(broker: &Shared, call: &Call) -> Result<(EntityFragment, Context), Failure> {
    let document = Document::read(call.json(false)?)?;
    let context = call.context(broker, document.context()).await?;
    let entity = reading(call, &context, Wanted::Entity).entity(&document)?;
    Ok((entity, context))
}

/// What is said of the entity that the path names.
pub(super) async fn fragment(
    broker: &Shared,
    call: &Call,
    id: &str,
    wanted: Wanted,
) -> Result<(EntityFragment, Context), Failure> {
    let document = Document::read(call.json(true)?)?;
    let context = call.context(broker, document.context()).await?;
    let fragment = reading(call, &context, wanted).fragment(&document)?;
    if !fragment.id.is_empty() && fragment.id != *id {
        return Err(ParseError::new("id", format!("must be `{id}`, as in the path")).into());
    }
    Ok((fragment, context))
}

/// What is said of the attribute that the path names.
pub(super) async fn attribute(
    broker: &Shared,
    call: &Call,
    name: &str,
    wanted: Wanted,
) -> Result<(Fragment, Context), Failure> {
    let document = Document::read(call.json(true)?)?;
    let context = call.context(broker, document.context()).await?;
    let fragment = reading(call, &context, wanted).attribute(name, &document)?;
    Ok((fragment, context))
}

/// The items of a body that is a list.
pub(super) fn list(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let items = parse::list(body)?;
    if items.len() > MAX_ENTITIES {
        return Err(Problem::bad_request(format!("the body: must have at most {MAX_ENTITIES} items")));
    }
    if items.iter().any(|item| item.get() == "null") {
        return Err(Problem::bad_request("the body: has an item that is null"));
    }
    Ok(items)
}

/// The entities of a batch. With `application/ld+json` each has a context of its own.
pub(super) async fn items<'a>(broker: &Shared, call: &'a Call, wanted: Wanted) -> Result<Vec<Item<'a>>, Failure> {
    call.check_link()?;
    let mut items = Vec::new();
    for raw in list(call.json(false)?)? {
        let document = match Document::of(raw) {
            Ok(document) => document,
            Err(error) => {
                items.push(Item { id: String::new(), raw, read: Err(error.into()) });
                continue;
            }
        };
        let read = match call.context(broker, document.context()).await {
            Err(failure) => Err(failure.0),
            Ok(context) => one_of_many(call, &document, &context, wanted).map(|entity| (entity, context)),
        };
        items.push(Item { id: document.id().unwrap_or_default(), raw, read });
    }
    Ok(items)
}

fn one_of_many(
    call: &Call,
    document: &Document<'_>,
    context: &Context,
    wanted: Wanted,
) -> Result<EntityFragment, Problem> {
    let reading = reading(call, context, wanted);
    let entity = match wanted {
        Wanted::Entity => reading.entity(document)?,
        Wanted::Fragment | Wanted::Merge => reading.fragment(document)?,
    };
    if entity.id == EntityId::default() {
        return Err(Problem::bad_request("id: missing"));
    }
    Ok(entity)
}
