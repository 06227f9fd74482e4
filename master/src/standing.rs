//! Which master acts: what this one is, and where the active one is reached.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flow::{MasterProfile, MasterRole};
use parking_lot::Mutex;

/// How often masters say that they are there.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long the active master may be silent before nobody is sent to it any more.
const SILENCE_LIMIT: Duration = Duration::from_secs(7);

/// How things stand among the masters.
#[derive(Default)]
pub(crate) struct Standing {
    active: AtomicBool,
    other: Mutex<Option<(MasterProfile, Instant)>>,
}

impl Standing {
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(crate) fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Release);
    }

    pub(crate) fn role(&self) -> MasterRole {
        if self.is_active() { MasterRole::Active } else { MasterRole::Standby }
    }

    /// Another master says what it does; whether it has just become the active one.
    pub(crate) fn hear(&self, profile: MasterProfile) -> bool {
        let mut other = self.other.lock();
        let known = other.as_ref().is_some_and(|(known, _)| known.id == profile.id);
        if profile.role == Some(MasterRole::Active) {
            *other = Some((profile, Instant::now()));
            return !known;
        }
        if known {
            *other = None;
        }
        false
    }

    /// Another master, if it is active: its profile.
    pub(crate) fn active_master(&self) -> Option<MasterProfile> {
        let other = self.other.lock();
        let heard = other.as_ref().filter(|(_, heard)| heard.elapsed() < SILENCE_LIMIT);
        heard.map(|(profile, _)| profile.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(id: &str, role: MasterRole) -> MasterProfile {
        MasterProfile { id: id.to_owned(), rest: format!("http://{id}"), role: Some(role), ..MasterProfile::default() }
    }

    #[test]
    fn the_active_master_is_the_last_one_that_said_so_and_has_not_taken_it_back() {
        let standing = Standing::default();
        assert!(!standing.hear(master("a", MasterRole::Standby)));
        assert_eq!(standing.active_master(), None);
        assert!(standing.hear(master("a", MasterRole::Active)));
        assert!(!standing.hear(master("a", MasterRole::Active)));
        assert!(!standing.hear(master("b", MasterRole::Standby)));
        assert_eq!(standing.active_master().unwrap().id, "a");
        assert!(standing.hear(master("b", MasterRole::Active)));
        assert!(!standing.hear(master("a", MasterRole::Standby)));
        assert_eq!(standing.active_master().unwrap().id, "b");
        standing.hear(master("b", MasterRole::Standby));
        assert_eq!(standing.active_master(), None);
    }
}
