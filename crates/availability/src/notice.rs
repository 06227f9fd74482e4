use ngsi::SubscriptionId;
use ngsi::v1::ngsi9::{AVAILABLE, UNAVAILABLE};

use crate::Registration;

/// What happened to a registration, seen by a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Availability {
    /// It came, or changed, and is selected.
    Available,
    /// It went, or is no longer selected.
    Unavailable,
}

impl Availability {
    /// The code in the notification.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Available => AVAILABLE,
            Self::Unavailable => UNAVAILABLE,
        }
    }
}

/// A change one subscription is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whom to tell.
    pub subscription: SubscriptionId,
    /// What happened.
    pub availability: Availability,
    /// To what: as it is now, or as it last was.
    pub registration: Registration,
}
