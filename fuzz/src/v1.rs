//! Bodies of NGSI-10 and NGSI-9: what is read is written and read again the same.

use std::fmt::Debug;

use context::EntityMap;
use ngsi::json;
use ngsi::v1::ngsi9::{AvailabilityRequest, NotifyContextAvailabilityRequest, RegisterContextRequest};
use ngsi::v1::ngsi10::{
    NotifyContextRequest, QueryContextRequest, SubscribeContextRequest, UnsubscribeContextRequest, UpdateContextRequest,
};
use ngsi::v1::{ContextElement, write_element};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sample::{self, NOW};

pub(crate) fn run(data: &[u8]) {
    if let Some(update) = again::<UpdateContextRequest>(data).filter(|update| update.validate().is_ok()) {
        let mut map = EntityMap::default();
        for element in update.context_elements {
            apply(&mut map, element, update.update_action);
        }
    }
    if let Some(query) = again::<QueryContextRequest>(data) {
        let _ = query.restriction.parse();
    }
    again::<SubscribeContextRequest>(data);
    again::<UnsubscribeContextRequest>(data);
    again::<NotifyContextRequest>(data);
    again::<RegisterContextRequest>(data);
    again::<AvailabilityRequest>(data);
    again::<NotifyContextAvailabilityRequest>(data);
}

fn apply(map: &mut EntityMap, element: ContextElement, action: ngsi::v1::ngsi10::UpdateAction) {
    let Ok(change) = map.apply(element, action, NOW) else { return };
    let mut out = Vec::new();
    write_element(&mut out, &change.entity, &[]);
    sample::json(&out);
    crate::codec::keeps(&change.entity);
}

fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let read = json::parse::<T>(data).ok()?;
    let Ok(written) = serde_json::to_vec(&read) else { panic!("cannot be written: {read:?}") };
    match json::parse::<T>(&written) {
        Ok(again) => assert_eq!(again, read, "{}", String::from_utf8_lossy(&written)),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&written)),
    }
    Some(read)
}
