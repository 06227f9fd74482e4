//! Just enough HTTP/1.1 to drive and to be notified.

mod exchange;
mod message;
mod request;

pub(crate) use exchange::{exchange, get, post};
pub(crate) use message::find;
pub(crate) use message::{Message, Reader};
pub(crate) use request::{DIGITS, ID, Target, Template, VALUE, with_id};
