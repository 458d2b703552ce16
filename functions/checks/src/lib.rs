//! What would go wrong with a PrivateLink connection, judged before it does.
//!
//! Everything here is a function of its arguments: no async, no AWS SDK, no clock, no environment.
//! The flow is [`facts`] (what was read) and [`wanted`] (what the customer asked for) → [`checks`] (what stands in the
//! way), [`coverage`] (who serves each host), [`costs`] and [`details`] (what TetraScience asks for) → [`report`] →
//! [`texts`] (what people read).

pub mod checks;
pub mod costs;
pub mod coverage;
pub mod details;
pub mod facts;
pub mod finding;
pub mod hand_over;
mod ranges;
pub mod report;
mod served;
pub mod texts;
pub mod wanted;
mod zones;
