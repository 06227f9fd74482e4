//! The engine against an API whose answers are data: what a real cluster rarely does.

mod calls;
mod claims;
mod logs;
mod objects;
mod readings;
mod server;
mod watches;
