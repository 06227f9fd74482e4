//! From counters that rise to what happens in a second.

use ngsi::Timestamp;

/// What a broker's `/metrics` say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) updates: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) outbox: u64,
    pub(crate) entities: u64,
    pub(crate) subscriptions: u64,
}

impl Figures {
    /// Reads the OpenMetrics text; `None` when it is not that of a broker of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut figures = Self::default();
        let mut known = false;
        for line in text.lines().filter_map(|line| line.strip_prefix("fogflow_broker_")) {
            let Some((name, value)) = line.split_once(' ') else { continue };
            let Ok(value) = value.parse() else { continue };
            let figure = match name {
                "updates_total" => &mut figures.updates,
                "notifications_sent_total" => &mut figures.sent,
                "notifications_failed_total" => &mut figures.failed,
                "outbox" => &mut figures.outbox,
                "entities" => &mut figures.entities,
                "subscriptions" => &mut figures.subscriptions,
                _ => continue,
            };
            *figure = value;
            known = true;
        }
        known.then_some(figures)
    }
}

/// A counter followed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rate {
    last: Option<(Timestamp, u64)>,
}

impl Rate {
    /// How much it rose a second since the time before, with at most two decimals; `None` the first time, and when the counter
    /// began anew.
    pub(crate) fn at(&mut self, now: Timestamp, count: u64) -> Option<f64> {
        let (before, from) = self.last.replace((now, count))?;
        let seconds = now.since(before).as_secs_f64();
        let rise = count.checked_sub(from)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        (seconds > 0.0).then(|| rounded(rise as f64 / seconds))
    }
}

pub(crate) fn rounded(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_two_looks_and_begins_anew_with_the_counter() {
        let mut rate = Rate::default();
        let at = |millis| Timestamp::from_millis(millis);
        assert_eq!(rate.at(at(0), 100), None);
        assert_eq!(rate.at(at(2_000), 105), Some(2.5));
        assert_eq!(rate.at(at(2_000), 106), None, "no time has passed");
        assert_eq!(rate.at(at(4_000), 3), None, "the broker was started again");
        assert_eq!(rate.at(at(7_000), 4), Some(0.33));
    }

    #[test]
    fn the_figures_of_a_broker_are_found_among_all_others() {
        let text = "# TYPE fogflow_broker_updates counter\nfogflow_broker_updates_total 7\nfogflow_broker_outbox 2\n\
                    fogflow_broker_notifications_sent_total 5\nfogflow_discovery_brokers 1\nfogflow_broker_entities 3\n# EOF\n";
        let expected = Figures { updates: 7, sent: 5, outbox: 2, entities: 3, ..Figures::default() };
        assert_eq!(Figures::parse(text), Some(expected));
        assert_eq!(Figures::parse("go_threads 7\n"), None);
    }
}
