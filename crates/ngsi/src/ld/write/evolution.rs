//! The temporal evolution of an entity (ETSI GS CIM 009, 4.5.6 to 4.5.9 and 4.5.19).

use super::attribute::Instance as Written;
use super::value::written;
use super::{Object, Rendering, Representation, is_known, list};
use crate::Timestamp;
use crate::json::write_string;
use crate::ld::AttributeType;
use crate::ld::temporal::{Aggregated, Evolution, Instance, Window};

/// How the instances of an evolution are written.
pub enum Temporal<'a> {
    /// Each as an attribute.
    Full,
    /// Values with their times, also called `temporalValues`.
    Values(&'a Window),
    /// Figures, which the function works out for one series.
    Aggregated(&'a dyn Fn(&[Instance]) -> Vec<Aggregated>),
}

impl Temporal<'_> {
    /// Whether there is something to write of a series.
    fn has(&self, series: &[Instance]) -> bool {
        matches!(self, Self::Full) || series.iter().any(|instance| instance.deleted_at.is_none())
    }
}

impl Rendering<'_> {
    /// Whether instances of an attribute and data set are written.
    #[must_use]
    pub fn has_series(&self, instance: &Instance) -> bool {
        let attribute = &instance.attribute;
        self.selection.has(attribute.name.as_str()) && self.selection.has_data_set(&attribute.dataset_id)
    }

    /// Appends an evolution.
    pub fn write_evolution(&self, out: &mut Vec<u8>, evolution: &Evolution, temporal: &Temporal<'_>) {
        let entity = &evolution.subject.entity;
        let mut members = Object::open(out);
        if self.selection.has("id") {
            write_string(members.member("id"), &super::urn(entity.id.as_str()));
        }
        self.write_members(&mut members, entity);
        if self.sys_attrs
            && let Some(deleted_at) = evolution.subject.deleted_at
        {
            write_string(members.member("deletedAt"), &deleted_at.brief());
        }
        let series: Vec<_> = evolution.series().filter(|s| s.first().is_some_and(|i| self.has_series(i))).collect();
        for attribute in series.chunk_by(|one, other| one[0].attribute.name == other[0].attribute.name) {
            let written: Vec<_> = attribute.iter().filter(|series| temporal.has(series)).collect();
            let Some(first) = written.first() else { continue };
            let out = members.member(&self.context.compact(&first[0].attribute.name));
            match (temporal, written.as_slice()) {
                (Temporal::Full, several) => {
                    let instances = several.iter().flat_map(|series| series.iter());
                    list(out, instances, |out, instance| self.write_recorded(out, instance));
                }
                (_, [only]) => self.write_series(out, first_present(only), only, temporal),
                (_, several) => {
                    list(out, several, |out, series| self.write_series(out, first_present(series), series, temporal));
                }
            }
        }
        for state in evolution.beyond.iter().filter(|state| self.has_series(state)) {
            let out = members.member(&self.context.compact(&state.attribute.name));
            match temporal {
                Temporal::Full => out.extend_from_slice(b"[]"),
                _ => self.write_series(out, state, &[], temporal),
            }
        }
        self.write_context(&mut members);
        members.close();
    }

    /// Whether anything of an evolution is written.
    #[must_use]
    pub fn shows_any_of(&self, evolution: &Evolution) -> bool {
        if !self.selection.projects() {
            return true;
        }
        let mut out = Vec::new();
        Self { with_context: false, ..self.clone() }.write_evolution(&mut out, evolution, &Temporal::Full);
        out != b"{}"
    }

    /// Appends a list of evolutions.
    pub fn write_evolutions<'a>(
        &self,
        out: &mut Vec<u8>,
        evolutions: impl IntoIterator<Item = &'a Evolution>,
        temporal: &Temporal<'_>,
    ) {
        list(out, evolutions, |out, evolution| self.write_evolution(out, evolution, temporal));
    }

    fn write_recorded(&self, out: &mut Vec<u8>, instance: &Instance) {
        let attribute = Written::of_several(&instance.attribute);
        let value = written(self, &attribute);
        let mut members = self.open_object(out, &attribute, &value, self.representation != Representation::Concise);
        if let Some(deleted_at) = instance.deleted_at {
            write_string(members.member("deletedAt"), &deleted_at.brief());
        }
        write_string(members.member("instanceId"), &instance.id());
        members.close();
    }

    /// Appends a series, of which that is one state.
    fn write_series(&self, out: &mut Vec<u8>, state: &Instance, series: &[Instance], temporal: &Temporal<'_>) {
        let present = || series.iter().filter(|instance| instance.deleted_at.is_none());
        let attribute_type = written(self, &Written::of_attribute(&state.attribute)).attribute_type;
        let mut members = Object::open(out);
        write_string(members.member("type"), attribute_type.name());
        if !state.attribute.dataset_id.is_empty() {
            write_string(members.member("datasetId"), state.attribute.dataset_id.as_str());
        }
        match temporal {
            Temporal::Full => {}
            Temporal::Values(window) => {
                list(members.member(plural(attribute_type)), present(), |out, instance| {
                    out.push(b'[');
                    written(self, &Written::of_attribute(&instance.attribute)).write_simplified(out);
                    let time = window.time(instance).filter(|time| is_known(*time));
                    out.push(b',');
                    write_string(out, &time.map(Timestamp::brief).unwrap_or_default());
                    out.push(b']');
                });
            }
            Temporal::Aggregated(figures) => {
                for figures in figures(series) {
                    list(members.member(figures.method.name()), &figures.periods, |out, (figure, from, to)| {
                        out.push(b'[');
                        out.extend_from_slice(figure.as_str().as_bytes());
                        for time in [from, to] {
                            out.push(b',');
                            write_string(out, &time.brief());
                        }
                        out.push(b']');
                    });
                }
            }
        }
        members.close();
    }
}

/// The first state of a series in which there was a value, if there is one.
fn first_present(series: &[Instance]) -> &Instance {
    series.iter().find(|instance| instance.deleted_at.is_none()).unwrap_or(&series[0])
}

/// The member that has the values of many instances.
fn plural(attribute_type: AttributeType) -> &'static str {
    match attribute_type {
        AttributeType::Property | AttributeType::GeoProperty => "values",
        AttributeType::Relationship => "objects",
        AttributeType::LanguageProperty => "languageMaps",
        AttributeType::VocabProperty => "vocabs",
        AttributeType::JsonProperty => "jsons",
        AttributeType::ListProperty => "valueLists",
        AttributeType::ListRelationship => "objectLists",
    }
}
