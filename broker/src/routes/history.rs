//! `GET /ngsi10/entity/{id}/{attribute}/history`: the latest numbers of an attribute.

use std::io::Write as _;

use axum::extract::{Path, State};
use axum::response::Response;
use ngsi::{Timestamp, json};

use super::entity;
use crate::Shared;
use crate::answer::{self, Failure};

pub(super) async fn points(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let entity = entity::find(&broker, &id)?;
    entity::attribute_of(&entity, &name)?;
    Ok(answer::json(written(&id, &name, &broker.histories.points(&entity.id, &name))))
}

fn written(id: &str, name: &str, points: &[(Timestamp, f64)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + points.len() * 24);
    out.extend_from_slice(b"{\"entity\":");
    json::write_string(&mut out, id);
    out.extend_from_slice(b",\"attribute\":");
    json::write_string(&mut out, name);
    out.extend_from_slice(b",\"points\":[");
    for (index, (at, number)) in points.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Writing to memory cannot fail.
        let _ = write!(out, "{comma}[{},{number}]", at.as_micros() / 1_000);
    }
    out.extend_from_slice(b"]}");
    out
}
