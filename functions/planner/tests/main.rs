//! The planner's tests: one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod association;
mod batch;
mod catalog;
mod change_record;
mod endpoint;
mod fuzz;
mod held;
mod hides;
mod markers;
mod message;
mod metrics;
mod names;
mod news;
mod plans;
mod proof;
mod properties;
mod report;
mod route;
mod scene;
mod trigger;
mod undo;
