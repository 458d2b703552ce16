//! The checks, from outside: facts in, findings and texts out. What AWS says is tested through the real binary.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod acls;
mod forwarded;
mod routed;
mod scene;
mod texts;
