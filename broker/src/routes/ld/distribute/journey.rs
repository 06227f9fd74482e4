//! Requests on their way to sources.

use bytes::Bytes;
use http::{Method, Response};
use ngsi::ld::Context;

use super::super::call::Call;
use super::payload::Payload;
use super::trouble::Trouble;
use crate::Shared;
use crate::sources::{self, Registered, Via};

/// A request that came, on its way to the sources that have to do with it.
pub(super) struct Journey<'a> {
    pub(super) broker: &'a Shared,
    pub(super) call: &'a Call,
    /// Of which the names in the request are.
    pub(super) context: &'a Context,
    pub(super) via: Via,
}

/// What one source is sent.
pub(super) struct Message<'a> {
    pub(super) method: Method,
    /// Behind `/ngsi-ld/v1`.
    pub(super) path: String,
    /// Names and values, not encoded.
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) payload: Option<&'a Payload>,
}

impl<'a> Journey<'a> {
    pub(super) fn new(broker: &'a Shared, call: &'a Call, context: &'a Context) -> Self {
        Self { broker, call, context, via: Via::of(broker, &call.headers) }
    }

    /// The context of which the names are that a source is sent.
    pub(super) async fn language(&self, source: &Registered) -> Result<Context, Trouble> {
        let language = source.language(&self.broker.contexts, self.context).await;
        language.map_err(|problem| Trouble::Unsayable(problem.detail))
    }

    /// Sends a message and gives back an answer of status 2xx.
    pub(super) async fn send(
        &self,
        source: &Registered,
        language: &Context,
        message: Message<'_>,
    ) -> Result<Response<Bytes>, Trouble> {
        if self.via.is_loop() {
            return Err(Trouble::Loop);
        }
        let Message { method, path, query, payload } = message;
        let body = payload.map(|payload| payload.written(self.context, language, source.is_inline()));
        let message = sources::Message { method, path, query, body };
        let request = source.request(message, language, &self.via, &self.call.headers);
        let request = request.map_err(|error| Trouble::Unsayable(error.to_string()))?;
        let answer = source.send(self.broker, request).await.map_err(Trouble::Unanswered)?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(Trouble::refused(answer.status().as_u16(), answer.body())),
        }
    }
}
