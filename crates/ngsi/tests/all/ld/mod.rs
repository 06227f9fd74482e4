//! NGSI-LD.

mod context;
mod dialects;
mod entities;
mod filter;
mod filter_model;
mod linked;
mod registration;
mod round_trip;
mod translate;
mod write;
