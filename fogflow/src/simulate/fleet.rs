//! The devices: where they are and what they say next, without clock or network.

use ngsi::v1::{ContextAttribute, ContextElement, ContextMetadata, EntityRef};
use ngsi::{JsonText, Point};
use serde_json::json;

use super::arguments::{AttributeRange, Label};
use super::random::Random;

/// How much of its range a value may change by at each step.
const STEP: f64 = 0.15;
const METRES_PER_DEGREE: f64 = 111_195.0;

/// What a fleet is like.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Type of the devices' entities.
    pub(crate) entity_type: String,
    /// What the identifiers begin with; a number follows.
    pub(crate) id_prefix: String,
    /// How many.
    pub(crate) devices: usize,
    /// Around where.
    pub(crate) center: Point,
    /// How far from there at most, in metres.
    pub(crate) radius_m: f64,
    /// How fast they move, in metres per second.
    pub(crate) speed_m_per_s: f64,
    /// What they measure.
    pub(crate) attributes: Vec<AttributeRange>,
    /// What is said of them beside their place: names and texts.
    pub(crate) metadata: Vec<Label>,
}

/// The devices of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) devices: Vec<Device>,
}

impl Fleet {
    /// Places the devices; the same seed gives the same ones.
    pub(crate) fn new(plan: &Plan, seed: u64) -> Self {
        let devices = (0..plan.devices).map(|index| Device::new(plan, seed, index));
        Self { devices: devices.collect() }
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.devices.iter().map(|device| device.id.clone()).collect()
    }
}

/// One device.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    entity_type: String,
    center: Point,
    radius_m: f64,
    speed_m_per_s: f64,
    /// Metres east and north of the centre.
    position: (f64, f64),
    /// Radians, counted from east.
    heading: f64,
    values: Vec<(AttributeRange, f64)>,
    metadata: Vec<Label>,
    random: Random,
}

impl Device {
    fn new(plan: &Plan, seed: u64, index: usize) -> Self {
        let mut random = Random::new(seed, index as u64 + 1);
        let (distance, direction) = (plan.radius_m * random.unit().sqrt(), random.between(0.0, std::f64::consts::TAU));
        let values = plan.attributes.iter().map(|range| (range.clone(), random.between(range.low, range.high)));
        Self {
            id: format!("{}.{}", plan.id_prefix, index + 1),
            entity_type: plan.entity_type.clone(),
            center: plan.center,
            radius_m: plan.radius_m,
            speed_m_per_s: plan.speed_m_per_s,
            position: (distance * direction.cos(), distance * direction.sin()),
            values: values.collect(),
            metadata: plan.metadata.clone(),
            heading: random.between(0.0, std::f64::consts::TAU),
            random,
        }
    }

    /// Where it is.
    pub(crate) fn location(&self) -> Point {
        let (east, north) = self.position;
        let latitude = (self.center.latitude + north / METRES_PER_DEGREE).clamp(-90.0, 90.0);
        let circle = METRES_PER_DEGREE * self.center.latitude.to_radians().cos().max(0.01);
        let longitude = self.center.longitude + east / circle;
        Point { latitude, longitude: (longitude + 540.0).rem_euclid(360.0) - 180.0 }
    }

    /// Moves and measures for the next report.
    pub(crate) fn step(&mut self, seconds: f64) {
        let metres = self.speed_m_per_s * seconds;
        if metres > 0.0 {
            self.travel(metres);
        }
        for (range, value) in &mut self.values {
            let change = self.random.between(-STEP, STEP) * (range.high - range.low);
            *value = reflect(*value + change, range.low, range.high);
        }
    }

    fn travel(&mut self, metres: f64) {
        self.heading += self.random.between(-0.3, 0.3);
        let (east, north) = self.position;
        self.position = (east + metres * self.heading.cos(), north + metres * self.heading.sin());
        let (east, north) = self.position;
        let away = east.hypot(north);
        if away > self.radius_m {
            let back = if away > 0.0 { self.radius_m / away } else { 0.0 };
            self.position = (east * back, north * back);
            self.heading = north.atan2(east) + std::f64::consts::PI;
        }
    }

    /// What it says now.
    pub(crate) fn report(&self) -> ContextElement {
        let attribute = |(range, value): &(AttributeRange, f64)| ContextAttribute {
            name: range.name.as_str().into(),
            value_type: "float".into(),
            value: JsonText::from(json!((value * 1_000.0).round() / 1_000.0)),
            metadata: Vec::new(),
        };
        let location = ContextMetadata {
            name: "location".into(),
            value_type: "point".into(),
            value: JsonText::from(json!(self.location())),
        };
        let said = |label: &Label| ContextMetadata {
            name: label.name.as_str().into(),
            value_type: "string".into(),
            value: JsonText::string(&label.value),
        };
        ContextElement {
            entity: EntityRef {
                id: self.id.as_str().into(),
                entity_type: self.entity_type.as_str().into(),
                is_pattern: false,
            },
            attributes: self.values.iter().map(attribute).collect(),
            domain_metadata: std::iter::once(location).chain(self.metadata.iter().map(said)).collect(),
        }
    }
}

/// Keeps a value in its range by bouncing off the ends.
fn reflect(value: f64, low: f64, high: f64) -> f64 {
    let bounced = if value < low {
        2.0 * low - value
    } else if value > high {
        2.0 * high - value
    } else {
        value
    };
    bounced.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            entity_type: "Panel".to_owned(),
            id_prefix: "Panel.north".to_owned(),
            devices: 20,
            center: Point { latitude: 49.41, longitude: 8.69 },
            radius_m: 500.0,
            speed_m_per_s: 10.0,
            attributes: vec![AttributeRange { name: "usage".to_owned(), low: 0.0, high: 100.0 }],
            metadata: vec![Label { name: "shop".to_owned(), value: "north".to_owned() }],
        }
    }

    fn said(seed: u64) -> Vec<ContextElement> {
        let mut fleet = Fleet::new(&plan(), seed);
        let mut said = Vec::new();
        for _ in 0..50 {
            for device in &mut fleet.devices {
                device.step(1.0);
                said.push(device.report());
            }
        }
        said
    }

    #[test]
    fn the_seed_alone_decides_what_is_said() {
        assert_eq!(said(7), said(7));
        assert_ne!(said(7), said(8));
    }

    #[test]
    fn devices_stay_near_and_values_in_their_range() {
        let plan = plan();
        let mut fleet = Fleet::new(&plan, 1);
        for _ in 0..2_000 {
            for device in &mut fleet.devices {
                device.step(1.0);
                let away = device.location().distance_m(plan.center);
                assert!(away <= plan.radius_m * 1.01, "{away}");
                assert!(device.values.iter().all(|(range, value)| (range.low..=range.high).contains(value)));
            }
        }
    }

    #[test]
    fn every_report_is_one_a_broker_takes() {
        for center in [plan().center, Point { latitude: 89.999, longitude: 179.999 }] {
            for device in Fleet::new(&Plan { center, ..plan() }, 3).devices {
                assert_eq!(device.report().validate(), Ok(()));
            }
        }
    }
}
