//! What is counted in evolutions (ETSI GS CIM 009, 4.5.19).

use crate::{JsonText, Timestamp};

/// What is worked out of the values of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// How many there are.
    TotalCount,
    /// How many different ones there are.
    DistinctCount,
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their standard deviation, as that of a whole population.
    Stddev,
    /// The sum of their squares.
    Sumsq,
}

impl Method {
    const NAMED: [(Self, &str); 8] = [
        (Self::TotalCount, "totalCount"),
        (Self::DistinctCount, "distinctCount"),
        (Self::Sum, "sum"),
        (Self::Avg, "avg"),
        (Self::Min, "min"),
        (Self::Max, "max"),
        (Self::Stddev, "stddev"),
        (Self::Sumsq, "sumsq"),
    ];

    /// The one with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(_, known)| *known == name).map(|(method, _)| method)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.into_iter().find(|(method, _)| *method == self).map_or("", |(_, name)| name)
    }
}

/// What a method gave for each period that has values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregated {
    /// Which method.
    pub method: Method,
    /// What it gave, and from when to when.
    pub periods: Vec<(JsonText, Timestamp, Timestamp)>,
}
