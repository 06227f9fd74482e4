//! What led to a state, between brokers of ours: a member that NGSI-10 does not know, so others leave it out and ignore it.

use std::sync::Arc;

use context::Notice;
use context::cause::{Action, Cause, Origin, Touched};
use ngsi::v2::AlterationType;
use ngsi::{Entity, JsonText, Name, Timestamp};
use serde::{Deserialize, Serialize};

use super::whole::ToldAttribute as WholeAttribute;

/// The member `cause` of an element of a notification.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    /// Nothing did: the entity stood so when the subscription was made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    initial: bool,
    /// When the entity was created, in microseconds since 1970; told with the first state.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alteration: Option<AlterationType>,
    touched: Vec<ToldAttribute>,
    /// Of a deleted entity all attributes as they were.
    former: Vec<WholeAttribute>,
    correlator: String,
    forced: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldAttribute {
    name: Name,
    action: ToldAction,
    value_differs: bool,
    metadata_differ: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToldAction {
    Append,
    Update,
    Delete,
}

/// What a notice is due to, for another broker.
pub(crate) fn tell(notice: &Notice) -> Vec<u8> {
    let told = match &notice.cause {
        None => Told { initial: true, created_at: Some(notice.entity.created_at), ..Told::default() },
        Some(cause) => Told {
            alteration: Some(cause.alteration),
            touched: cause.touched.iter().map(ToldAttribute::from).collect(),
            former: if notice.deleted { &notice.entity.attributes } else { &cause.former }
                .iter()
                .map(WholeAttribute::from)
                .collect(),
            correlator: cause.origin.correlator.clone(),
            forced: cause.origin.forced,
            ..Told::default()
        },
    };
    serde_json::to_vec(&told).unwrap_or_else(|_| b"null".to_vec())
}

/// What led to a state that another broker tells; `None` when nothing did since the subscription was made. The first state of an
/// entity that was created later is its creation. A broker that is not ours does not say: anything may have changed then.
pub(super) fn understand(
    told: Option<&JsonText>,
    entity: &Entity,
    deleted: bool,
    since: Timestamp,
    now: Timestamp,
) -> Option<Arc<Cause>> {
    let told = told.and_then(JsonText::read::<Told>).unwrap_or_default();
    if told.initial && told.created_at.is_none_or(|created_at| created_at <= since) {
        return None;
    }
    let (alteration, action) = match told.alteration {
        Some(alteration) => (alteration, Action::Update),
        None if told.initial => (AlterationType::EntityCreate, Action::Append),
        None if deleted => (AlterationType::EntityDelete, Action::Delete),
        None => (AlterationType::EntityChange, Action::Update),
    };
    let touched = match told.alteration {
        Some(_) => told.touched.into_iter().map(Touched::from).collect(),
        None => entity.visible_attributes().map(|attribute| changed(&attribute.name, action)).collect(),
    };
    let former = told.former.into_iter().map(|attribute| attribute.into_attribute(now)).collect();
    let origin = Origin { correlator: told.correlator, auth_token: String::new(), forced: told.forced };
    Some(Arc::new(Cause { alteration, touched, former, origin }))
}

fn changed(name: &Name, action: Action) -> Touched {
    Touched { name: name.clone(), action, value_differs: true, metadata_differ: false }
}

impl From<&Touched> for ToldAttribute {
    fn from(touched: &Touched) -> Self {
        let action = match touched.action {
            Action::Append => ToldAction::Append,
            Action::Update => ToldAction::Update,
            Action::Delete => ToldAction::Delete,
        };
        let (value_differs, metadata_differ) = (touched.value_differs, touched.metadata_differ);
        Self { name: touched.name.clone(), action, value_differs, metadata_differ }
    }
}

impl From<ToldAttribute> for Touched {
    fn from(told: ToldAttribute) -> Self {
        let action = match told.action {
            ToldAction::Append => Action::Append,
            ToldAction::Update => Action::Update,
            ToldAction::Delete => Action::Delete,
        };
        let ToldAttribute { name, value_differs, metadata_differ, .. } = told;
        Self { name, action, value_differs, metadata_differ }
    }
}

/// An entity that is gone, as it last was.
pub(super) fn last_state(bare: Entity, cause: &Cause) -> Entity {
    Entity { attributes: cause.former.clone(), ..bare }
}
