//! What can be said on the command line, each form parsed once.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use ngsi::Point;

use super::Plan;

/// Lets many devices report to a broker.
#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    /// The broker's address, without a path.
    #[arg(long, default_value = "http://127.0.0.1:8070")]
    pub(crate) broker: String,
    /// Type of the devices' entities.
    #[arg(long = "type", default_value = "PowerPanel")]
    pub(crate) entity_type: String,
    /// What the identifiers begin with; a number follows [default: the type].
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// How many devices.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) devices: u32,
    /// How often each reports: 1/s, 10/min, 0.5/s.
    #[arg(long, default_value = "1/s")]
    pub(crate) rate: PerSecond,
    /// Around which place: latitude,longitude in degrees.
    #[arg(long, default_value = "49.41,8.69", allow_hyphen_values = true)]
    pub(crate) around: Place,
    /// How far from there at most.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) radius_km: f64,
    /// How fast they move: 30km/h.
    #[arg(long, default_value = "0km/h")]
    pub(crate) moving: Speed,
    /// What they measure, each a random walk: usage=0..100,temperature=-10..40.
    #[arg(long, default_value = "usage=0..100", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) attributes: Vec<AttributeRange>,
    /// What is said of them beside their place: shop=castle,floor=2.
    #[arg(long, value_delimiter = ',')]
    pub(crate) metadata: Vec<Label>,
    /// For how long: 30s, 5min, 1h [default: until stopped].
    #[arg(long)]
    pub(crate) duration: Option<Lasting>,
    /// The same seed lets the devices say the same.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Delete the devices at the end.
    #[arg(long)]
    pub(crate) cleanup: bool,
}

impl Arguments {
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            entity_type: self.entity_type.clone(),
            id_prefix: self.prefix.clone().unwrap_or_else(|| self.entity_type.clone()),
            devices: self.devices as usize,
            center: self.around.0,
            radius_m: self.radius_km.clamp(0.0, 20_000.0) * 1_000.0,
            speed_m_per_s: self.moving.0,
            attributes: self.attributes.clone(),
            metadata: self.metadata.clone(),
        }
    }
}

/// How often something happens each second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PerSecond(f64);

impl PerSecond {
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl FromStr for PerSecond {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = unit_seconds(unit).ok_or_else(|| format!("`{unit}` is not s, min or h"))?;
        let rate = positive(number)? / seconds;
        // Longer pauses or more reports than these are mistakes, and would not fit a Duration.
        if (1e-6..=1e6).contains(&rate) { Ok(Self(rate)) } else { Err("must be from 1e-6 to 1e6 a second".to_owned()) }
    }
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lasting(pub(crate) Duration);

impl FromStr for Lasting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
        let unit = if unit.is_empty() { "s" } else { unit };
        let seconds = unit_seconds(unit).ok_or_else(|| format!("`{unit}` is not s, min or h"))?;
        let duration = Duration::try_from_secs_f64(positive(number)? * seconds).map_err(|error| error.to_string())?;
        Ok(Self(duration))
    }
}

fn unit_seconds(unit: &str) -> Option<f64> {
    match unit.trim() {
        "s" | "sec" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3_600.0),
        _ => None,
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err(format!("`{text}` is not a number above zero")),
    }
}

/// A point on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place(pub(crate) Point);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (latitude, longitude) = text.split_once(',').ok_or("must be latitude,longitude")?;
        let degrees = |text: &str| text.trim().parse::<f64>().map_err(|_| format!("`{text}` is not a number"));
        let point = Point { latitude: degrees(latitude)?, longitude: degrees(longitude)? };
        point.validate().map(Self).map_err(|error| error.to_string())
    }
}

/// A speed in metres per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Speed(pub(crate) f64);

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, factor) = match (text.strip_suffix("km/h"), text.strip_suffix("m/s")) {
            (Some(number), _) => (number, 1.0 / 3.6),
            (_, Some(number)) => (number, 1.0),
            _ => (text, 1.0 / 3.6),
        };
        match number.trim().parse::<f64>() {
            Ok(speed) if (0.0..=10_000.0).contains(&speed) => Ok(Self(speed * factor)),
            _ => Err(format!("`{text}` is not a speed such as 30km/h")),
        }
    }
}

/// An attribute with the range its values walk in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttributeRange {
    pub(crate) name: String,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl FromStr for AttributeRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not of the form name=low..high");
        let (name, range) = text.split_once('=').ok_or_else(wrong)?;
        let (low, high) = range.split_once("..").ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(wrong);
        let range = Self { name: name.trim().to_owned(), low: number(low)?, high: number(high)? };
        if range.name.is_empty() || range.low > range.high { Err(wrong()) } else { Ok(range) }
    }
}

/// A domain metadatum of type `string`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err(format!("`{text}` is not of the form name=value")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn forms_are_understood() {
        assert_eq!("10/s".parse::<PerSecond>().unwrap().interval(), Duration::from_millis(100));
        assert_eq!("6/min".parse::<PerSecond>().unwrap().interval(), Duration::from_secs(10));
        assert_eq!("20s".parse::<Lasting>(), Ok(Lasting(Duration::from_secs(20))));
        assert_eq!("1.5min".parse::<Lasting>(), Ok(Lasting(Duration::from_secs(90))));
        assert_eq!("36km/h".parse::<Speed>(), Ok(Speed(10.0)));
        assert_eq!("-33.9,18.4".parse::<Place>().unwrap().0, Point { latitude: -33.9, longitude: 18.4 });
        let range = AttributeRange { name: "t".to_owned(), low: -10.0, high: 40.0 };
        assert_eq!("t=-10..40".parse::<AttributeRange>(), Ok(range));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(["0/s", "x", "1/day", "NaN/s", "1e-9/s"].iter().all(|text| text.parse::<PerSecond>().is_err()));
        assert!(["", "-1s", "infs", "1e300h"].iter().all(|text| text.parse::<Lasting>().is_err()));
        assert!(["91,0", "1", "NaN,0"].iter().all(|text| text.parse::<Place>().is_err()));
        assert!(["t", "t=1", "=1..2", "t=2..1", "t=NaN..1"].iter().all(|text| text.parse::<AttributeRange>().is_err()));
        assert!(["fast", "-1km/h", "NaN"].iter().all(|text| text.parse::<Speed>().is_err()));
    }
}
