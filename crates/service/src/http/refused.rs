//! Bad input in the log: what was wrong with it, once a second for each route at most.

use std::time::{Duration, Instant};

use axum::response::Response;
use http::StatusCode;
use parking_lot::Mutex;

/// The shortest time between two lines about one route.
const INTERVAL: Duration = Duration::from_secs(1);
/// Letters of a reason that are logged.
const LETTERS: usize = 300;

/// An answer's extension: why the request was refused, for the log.
#[derive(Debug, Clone)]
pub struct Reason(pub String);

/// The refusals of one route.
pub(crate) struct Complaints {
    route: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    quiet_until: Option<Instant>,
    unsaid: u64,
}

impl Complaints {
    pub(crate) fn about(route: String) -> Self {
        Self { route, state: Mutex::default() }
    }

    /// Says that a request was refused for what it held, if it was.
    pub(crate) fn note(&self, response: &Response) {
        let status = response.status();
        if !matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
        {
            return;
        }
        let Some(unsaid) = self.turn(Instant::now()) else { return };
        let reason = response.extensions().get::<Reason>().map_or("", |reason| reason.0.as_str());
        let reason: String = reason.chars().take(LETTERS).collect();
        tracing::info!(route = self.route, status = status.as_u16(), reason, unsaid, "refused a request");
    }

    /// How many were not spoken of since the last line, if it is time for another.
    fn turn(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock();
        if state.quiet_until.is_some_and(|until| now < until) {
            state.unsaid += 1;
            return None;
        }
        state.quiet_until = Some(now + INTERVAL);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_a_second_is_spoken_of_and_the_others_are_counted() {
        let (complaints, start) = (Complaints::about("test".into()), Instant::now());
        let turn = |milliseconds| complaints.turn(start + Duration::from_millis(milliseconds));
        assert_eq!(
            [turn(0), turn(1), turn(999), turn(1000), turn(1500), turn(2000)],
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
