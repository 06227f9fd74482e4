//! Queries over evolutions (ETSI GS CIM 009, 5.7.4): an entity is found when instances in the time that is asked for meet the rest.

use context::temporal::{Covered, bound};
use ngsi::Timestamp;
use ngsi::ld::Context;
use ngsi::ld::temporal::{Evolution, Subject, Window};

use super::elsewhere;
use super::question::Question;
use crate::Shared;
use crate::routes::ld::call::Call;
use crate::routes::ld::params::MOST;
use crate::routes::ld::rendering::Answering;
use crate::routes::ld::search::Search;
use crate::temporal::{Reading, TemporalError};

/// Entities looked at in one go.
pub(super) const CHUNK: usize = 200;

pub(super) struct Found {
    pub(super) evolutions: Vec<Evolution>,
    /// The part of the time that the answer covers, if there is more.
    pub(super) covered: Option<Covered>,
    /// How many entities there are on all pages, as far as they were looked at.
    pub(super) count: usize,
    /// Who did not answer.
    pub(super) problems: Vec<String>,
}

/// The evolutions that are answered, bounded while they are gathered.
pub(super) struct Gathered {
    window: Window,
    most: usize,
    evolutions: Vec<(Evolution, Option<Timestamp>)>,
    instances: usize,
    covered: Option<Covered>,
}

impl Gathered {
    pub(super) fn new(window: Window, most: usize) -> Self {
        Self { window, most, evolutions: Vec::new(), instances: 0, covered: None }
    }

    pub(super) fn add(&mut self, evolution: Evolution, horizon: Option<Timestamp>) {
        self.instances += evolution.instances.len();
        self.evolutions.push((evolution, horizon));
        if self.instances / 2 > self.most {
            self.bound();
        }
    }

    fn bound(&mut self) {
        if let Some(covered) = bound(&mut self.evolutions, &self.window, self.most) {
            self.evolutions.iter_mut().for_each(|(_, horizon)| *horizon = Some(covered.to));
            self.covered = Some(covered);
        }
        self.instances = self.evolutions.iter().map(|(evolution, _)| evolution.instances.len()).sum();
    }

    pub(super) fn finish(mut self, count: usize) -> Found {
        self.bound();
        let evolutions = self.evolutions.into_iter().map(|(evolution, _)| evolution).collect();
        Found { evolutions, covered: self.covered, count, problems: Vec::new() }
    }
}

/// Reads one evolution, with all its attributes or those named.
pub(super) async fn read(
    broker: &Shared,
    subject: Subject,
    reading: &Reading,
) -> Result<(Evolution, Option<Timestamp>), TemporalError> {
    let selected = broker.temporal.read(&subject.entity.id, reading).await?;
    Ok((Evolution { subject, instances: selected.instances, beyond: selected.beyond }, selected.horizon))
}

/// The page of what this broker has recorded, and behind that of what the others have.
pub(super) async fn run(
    broker: &Shared,
    call: &Call,
    context: &Context,
    search: &Search,
    question: &Question,
    answering: &Answering<'_>,
) -> Result<Found, TemporalError> {
    let (page, candidates) = (search.page(), search.candidates());
    let most = question.most(broker.temporal.settings.max_instances);
    let reading = Reading { window: question.window, attributes: Vec::new(), most };
    let mut gathered = Gathered::new(question.window, most);
    let (mut count, mut after) = (0, String::new());
    loop {
        let subjects = broker.temporal.subjects(&after, &candidates, CHUNK).await?;
        let Some(last) = subjects.last() else { break };
        last.entity.id.as_str().clone_into(&mut after);
        for subject in subjects.into_iter().filter(|subject| search.selects(&subject.entity)) {
            let (mut evolution, horizon) = read(broker, subject, &reading).await?;
            if evolution.instances.is_empty() || !search.meets(&evolution.as_entity()) {
                continue;
            }
            count += 1;
            if count > page.offset && count <= page.end() {
                answering.keep_selected(&mut evolution);
                gathered.add(evolution, horizon);
            } else if count > page.end() && !page.counts {
                return Ok(gathered.finish(count));
            }
        }
    }
    let most = page.end().saturating_add(1).saturating_sub(count).min(MOST);
    let elsewhere = elsewhere::find(broker, call, context, most, page.counts).await;
    let places = count + 1..;
    for (place, (mut evolution, horizon)) in places.zip(elsewhere.evolutions) {
        if place > page.offset && place <= page.end() {
            answering.keep_selected(&mut evolution);
            gathered.add(evolution, horizon);
        }
    }
    Ok(Found { problems: elsewhere.problems, ..gathered.finish(count + elsewhere.count) })
}
