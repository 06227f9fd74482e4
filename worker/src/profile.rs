//! What the worker says of itself.

use flow::{Engine, ReportedInstance, WorkerId, WorkerProfile};
use ngsi::Point;
use service::Config;

/// The parts of a profile that do not change while the worker runs.
#[derive(Debug, Clone)]
pub(crate) struct Identity(WorkerProfile);

impl Identity {
    pub(crate) fn new(id: WorkerId, config: &Config, incarnation: u64) -> Self {
        let worker = &config.worker;
        Self(WorkerProfile {
            id,
            location: config.location,
            geohash_id: config.location.map(geohash).unwrap_or_default(),
            os: std::env::consts::OS.to_owned(),
            hardware: hardware().to_owned(),
            capacity: worker.capacity,
            cadvisor_port: worker.cadvisor_port.unwrap_or_default(),
            edge_address: worker.edge_address.clone().unwrap_or_else(|| config.external_host().to_owned()),
            incarnation,
            silence_limit_s: worker.heartbeat_interval.saturating_mul(worker.detection_duration).max(1),
            ..WorkerProfile::default()
        })
    }

    pub(crate) fn id(&self) -> &WorkerId {
        &self.0.id
    }

    pub(crate) fn profile(
        &self,
        engines: Vec<Engine>,
        workload: u32,
        instances: Vec<ReportedInstance>,
    ) -> WorkerProfile {
        WorkerProfile { engines, workload, instances: Some(instances), ..self.0.clone() }
    }
}

pub(crate) fn hardware() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

const GEOHASH_LENGTH: usize = 8;
const GEOHASH_ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// The geohash of a place: bits of longitude and latitude in turn, five to a letter.
fn geohash(place: Point) -> String {
    let mut ranges = [(-180.0, 180.0, place.longitude), (-90.0, 90.0, place.latitude)];
    let mut next_bit = (0..2).cycle().map(|axis: usize| {
        let (low, high, value) = &mut ranges[axis];
        let middle = (*low + *high) / 2.0;
        let above = *value >= middle;
        *(if above { low } else { high }) = middle;
        usize::from(above)
    });
    let letters = std::iter::repeat_with(|| {
        let index = next_bit.by_ref().take(5).fold(0, |index, bit| index << 1 | bit);
        char::from(GEOHASH_ALPHABET[index])
    });
    letters.take(GEOHASH_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geohash_of_a_known_place() {
        assert_eq!(geohash(Point { latitude: 57.64911, longitude: 10.40744 }), "u4pruydq");
    }
}
