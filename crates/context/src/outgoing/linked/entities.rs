//! The entities of a notification (ETSI GS CIM 009, 5.3.1 and 5.8.6).

use std::borrow::Cow;
use std::sync::Arc;

use ngsi::ld::Context;
use ngsi::ld::parse::NULL;
use ngsi::ld::subscription::{self, Accept, Format, Notification, Subscription, Trigger};
use ngsi::ld::write::{
    Changes, Geometry, Join, Joined, Languages, Place, Projection, Rendering, Representation, Selection,
};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Name, ParseError};

use crate::{Cause, Notice};

/// What of entities is told.
#[derive(Debug, Clone)]
pub(super) struct EntityData {
    pub(super) selection: Selection,
    languages: Option<Languages>,
    /// Which linked entities are told.
    pub(super) join: Option<Join>,
    watched: Vec<Name>,
    /// Whether attributes that are gone with their entity are told: the deletion of attributes is.
    tells_deletions: bool,
}

impl EntityData {
    pub(super) fn compile(subscription: &Subscription, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        let notification = &subscription.notification;
        let projection = |names: &[String], path: &str| match names {
            [] => Ok(Vec::new()),
            names => Projection::parse(&names.join(","), expand).map_err(|error| error.within(path)),
        };
        let names = |names: &[String]| names.iter().map(|name| expand(name)).collect();
        let data_set = |id: &String| if id == "@none" { Name::default() } else { Name::from(id.as_str()) };
        let selection = Selection {
            attributes: names(&notification.attributes),
            pick: projection(&notification.pick, "notification.pick")?,
            omit: projection(&notification.omit, "notification.omit")?,
            data_sets: subscription.dataset_id.iter().map(data_set).collect(),
        };
        let join = joining(notification);
        if selection.depth() > join.as_ref().map_or(0, |join| join.level) {
            let problem = "names members of linked entities, which join and joinLevel do not ask for";
            return Err(ParseError::new("notification.pick", problem));
        }
        Ok(Self {
            selection,
            join,
            languages: subscription.lang.as_deref().map(Languages::parse).transpose()?,
            watched: names(&subscription.watched_attributes),
            tells_deletions: subscription.notification_trigger.contains(&Trigger::AttributeDeleted),
        })
    }

    /// Appends the list of them and of those that they link to, or the collection of features.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        notices: &[Notice],
        notification: &Notification,
        context: &Context,
        joined: Option<&Joined>,
    ) {
        let entities: Vec<_> = notices.iter().map(|notice| self.as_told(notice, notification)).collect();
        let rendering = Rendering {
            with_context: notification.endpoint.accept == Accept::JsonLd,
            representation: match notification.format {
                Format::Normalized => Representation::Normalized,
                Format::Concise => Representation::Concise,
                Format::Simplified | Format::KeyValues => Representation::Simplified,
            },
            sys_attrs: notification.sys_attrs,
            languages: self.languages.clone(),
            selection: self.selection.clone(),
            changes: changes(notices, notification),
            inline: joined.and_then(Joined::inline).cloned(),
            ..Rendering::new(context)
        };
        let entities = entities.iter().map(|entity| &**entity);
        let behind = joined.map(Joined::behind).unwrap_or_default();
        match notification.endpoint.accept {
            Accept::GeoJson => rendering.write_joined_features(out, entities, behind, &Geometry::default()),
            Accept::Json | Accept::JsonLd => rendering.write_joined(out, entities, behind),
        }
    }

    /// The entities whose links are followed: not those that are gone.
    pub(super) fn linking(notices: &[Notice]) -> Vec<Arc<Entity>> {
        notices.iter().filter(|notice| !notice.deleted).map(|notice| notice.entity.clone()).collect()
    }

    /// The entity with the instances that are gone. Of an entity that is gone, what was watched or is to be compared is told.
    fn as_told<'n>(&self, notice: &'n Notice, notification: &Notification) -> Cow<'n, Entity> {
        if !notice.deleted {
            return with_departed(notice, notification.show_changes);
        }
        let told = |attribute: &&Attribute| {
            let watched = self.watched.is_empty() || self.watched.contains(&attribute.name);
            attribute.kind == AttributeKind::Context && (notification.show_changes || self.tells_deletions && watched)
        };
        let attributes = notice.entity.attributes.iter().filter(told).map(gone).collect();
        Cow::Owned(Entity { attributes, scopes: Vec::new(), ..(*notice.entity).clone() })
    }
}

/// Which linked entities are told.
fn joining(notification: &Notification) -> Option<Join> {
    let place = match notification.join? {
        subscription::Join::Inline => Place::Inside,
        subscription::Join::Flat => Place::Behind,
        subscription::Join::None => return None,
    };
    Some(Join { place, level: notification.join_level.unwrap_or(1), met: Vec::new() })
}

/// What is told beyond the states; where there are several, they are no changes.
fn changes<'n>(notices: &'n [Notice], notification: &Notification) -> Changes<'n> {
    let [notice] = notices else { return Changes::default() };
    let former = match &notice.cause {
        _ if !notification.show_changes => &[],
        _ if notice.deleted => notice.entity.attributes.as_slice(),
        Some(cause) => cause.former.as_slice(),
        None => &[],
    };
    Changes { former, at: Some(notice.due_at), deleted: notice.deleted }
}

/// The entity with the instances that are gone. Where all of several are, one tells so, unless each has a change of its own.
fn with_departed(notice: &Notice, one_by_one: bool) -> Cow<'_, Entity> {
    let mut entity = Cow::Borrowed(&*notice.entity);
    let Some(cause) = &notice.cause else { return entity };
    let mut departed: Vec<_> = departed(cause, &notice.entity).map(gone).collect();
    if !one_by_one {
        departed = summed_up(departed, &notice.entity);
    }
    if !departed.is_empty() {
        entity.to_mut().attributes.extend(departed);
    }
    entity
}

/// One default instance for those of an attribute that has none left.
fn summed_up(departed: Vec<Attribute>, entity: &Entity) -> Vec<Attribute> {
    let mut told: Vec<Attribute> = Vec::with_capacity(departed.len());
    for attribute in departed {
        let is_left = entity.instances(attribute.name.as_str()).next().is_some();
        match told.iter_mut().find(|told| !is_left && told.name == attribute.name) {
            Some(told) => told.dataset_id = Name::default(),
            None => told.push(attribute),
        }
    }
    told
}

/// The instances that a change took away.
pub(crate) fn departed<'c>(cause: &'c Cause, entity: &'c Entity) -> impl Iterator<Item = &'c Attribute> {
    cause.former.iter().filter(|former| {
        former.kind == AttributeKind::Context && !entity.attributes.iter().any(|attribute| attribute.is_same(former))
    })
}

fn gone(attribute: &Attribute) -> Attribute {
    Attribute { value: JsonText::string(NULL), metadata: Vec::new(), ..attribute.clone() }
}
