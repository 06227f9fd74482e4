//! The registrations of a notification (ETSI GS CIM 009, 5.3.2).

use ngsi::ld::subscription::Notification;
use ngsi::ld::{Context, registration};
use ngsi::v2::AlterationType;
use serde_json::Value;

use crate::Notice;
use crate::sources::of_told;

/// Appends the list of them, and the member that says why they are told. All notices are told for the same reason.
pub(super) fn write(out: &mut Vec<u8>, notices: &[Notice], notification: &Notification, context: &Context) {
    let registrations = notices.iter().filter_map(|notice| of_told(&notice.entity));
    let written = registrations.map(|told| Value::Object(registration::write(&told, context, notification.sys_attrs)));
    out.extend_from_slice(Value::Array(written.collect()).to_string().as_bytes());
    out.extend_from_slice(b",\"triggerReason\":\"");
    out.extend_from_slice(notices.first().map_or(NEWLY, reason).as_bytes());
    out.push(b'"');
}

const NEWLY: &str = "newlyMatching";

fn reason(notice: &Notice) -> &'static str {
    match notice.cause.as_ref().map(|cause| cause.alteration) {
        None | Some(AlterationType::EntityCreate) => NEWLY,
        Some(AlterationType::EntityDelete) => "noLongerMatching",
        Some(AlterationType::EntityChange | AlterationType::EntityUpdate) => "updated",
    }
}
