//! The Markdown that a run prints.

use std::fmt;
use std::time::Duration;

use crate::outcome::Outcome;

/// Loads and single figures, in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    loads: Vec<Load>,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Load {
    name: String,
    outcome: Outcome,
    /// Throughput, divided by that of the yardstick.
    ratio: Option<f64>,
    aim: &'static str,
}

#[derive(Debug)]
struct Figure {
    name: String,
    value: String,
    aim: &'static str,
}

impl Report {
    pub(crate) fn load(&mut self, name: impl Into<String>, outcome: Outcome, ratio: Option<f64>, aim: &'static str) {
        let load = Load { name: name.into(), outcome, ratio, aim };
        eprintln!("{load}");
        self.loads.push(load);
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: impl Into<String>, aim: &'static str) {
        let figure = Figure { name: name.into(), value: value.into(), aim };
        eprintln!("{figure}");
        self.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        eprintln!("{note}");
        self.notes.push(note);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.loads.is_empty() {
            writeln!(
                f,
                "| load | per second | server CPU µs each | generator CPU µs each | p50 | p99 | p99.9 | of bare axum | errors | aim |\n\
                 | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
            )?;
            self.loads.iter().try_for_each(|load| writeln!(f, "{load}"))?;
            writeln!(f)?;
        }
        if !self.figures.is_empty() {
            writeln!(f, "| figure | value | aim |\n| --- | ---: | --- |")?;
            self.figures.iter().try_for_each(|figure| writeln!(f, "{figure}"))?;
            writeln!(f)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, outcome, ratio, aim } = self;
        let latencies = &outcome.latencies;
        let optional =
            |number: Option<f64>, places: usize| number.map_or("-".into(), |number| format!("{number:.places$}"));
        write!(
            f,
            "| {name} | {:.0} | {} | {:.1} | {} | {} | {} | {} | {} | {aim} |",
            outcome.per_second(),
            optional(outcome.server_us(), 1),
            outcome.generator_us(),
            milliseconds(latencies.quantile(0.5)),
            milliseconds(latencies.quantile(0.99)),
            milliseconds(latencies.quantile(0.999)),
            optional(*ratio, 2),
            latencies.errors,
        )
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {} | {} |", self.name, self.value, self.aim)
    }
}

/// `0.123 ms`.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}
