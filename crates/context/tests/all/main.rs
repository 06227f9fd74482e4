//! What is kept and who hears of it, against plain models: one program, so that the crate is linked once.

mod availability;
mod backlog;
mod converging;
mod following;
mod history;
mod interest;
mod mappings;
mod merge;
mod model;
mod selection;
mod sources;
mod temporal;
mod twins;
