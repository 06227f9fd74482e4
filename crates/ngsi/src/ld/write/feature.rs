//! Entities as features of GeoJSON (ETSI GS CIM 009, 4.5.16 and 4.5.17; RFC 7946).

use super::attribute::Instance;
use super::instances::place_of;
use super::{Object, Rendering, Selected, list, own_and_linked, place, urn};
use crate::json::write_string;
use crate::{Entity, Name};

/// Which attribute is the geometry of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geometry {
    /// Its stored name.
    pub name: Name,
    /// Which of its instances; empty for the default one.
    pub data_set: Name,
}

impl Default for Geometry {
    fn default() -> Self {
        Self { name: Name::from("location"), data_set: Name::default() }
    }
}

impl Rendering<'_> {
    /// Appends an entity as a `Feature`, whose geometry is `null` where the entity has no such attribute.
    pub fn write_feature(&self, out: &mut Vec<u8>, entity: &Entity, geometry: &Geometry) {
        let mut feature = Object::open(out);
        self.write_feature_members(&mut feature, entity, geometry);
        self.write_context(&mut feature);
        feature.close();
    }

    /// Appends entities as a `FeatureCollection`.
    pub fn write_features<'a>(
        &self,
        out: &mut Vec<u8>,
        entities: impl IntoIterator<Item = &'a Entity>,
        geometry: &Geometry,
    ) {
        self.write_collection(out, entities, |out, entity| self.write_plain_feature(out, entity, geometry));
    }

    /// Appends entities and, behind them, others that they link to, as a `FeatureCollection`.
    pub fn write_joined_features<'a>(
        &self,
        out: &mut Vec<u8>,
        entities: impl IntoIterator<Item = &'a Entity>,
        behind: impl IntoIterator<Item = &'a Selected>,
        geometry: &Geometry,
    ) {
        self.write_collection(out, own_and_linked(entities, behind), |out, (selection, entity)| match selection {
            None => self.write_plain_feature(out, entity, geometry),
            Some(selection) => self.of_linked(selection).write_plain_feature(out, entity, geometry),
        });
    }

    fn write_collection<T>(
        &self,
        out: &mut Vec<u8>,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Vec<u8>, T),
    ) {
        let mut collection = Object::open(out);
        write_string(collection.member("type"), "FeatureCollection");
        list(collection.member("features"), items, write);
        self.write_context(&mut collection);
        collection.close();
    }

    fn write_plain_feature(&self, out: &mut Vec<u8>, entity: &Entity, geometry: &Geometry) {
        let mut feature = Object::open(out);
        self.write_feature_members(&mut feature, entity, geometry);
        feature.close();
    }

    fn write_feature_members(&self, feature: &mut Object<'_>, entity: &Entity, geometry: &Geometry) {
        write_string(feature.member("id"), &urn(entity.id.as_str()));
        write_string(feature.member("type"), "Feature");
        let place = place_of(entity, geometry);
        let place = place.and_then(|attribute| place::geometry(&Instance::of_attribute(attribute)));
        feature.member("geometry").extend_from_slice(place.as_deref().unwrap_or("null").as_bytes());
        let mut properties = Object::open(feature.member("properties"));
        self.write_members(&mut properties, entity);
        properties.close();
    }
}
