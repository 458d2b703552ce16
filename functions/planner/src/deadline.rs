//! How much time an invocation has.

use core::time::Duration;

/// No invocation lasts a day, and no deadline lies in the first day of 1970.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// The time left until `deadline`, Lambda's own, both in time since 1970. cargo lambda's emulator sends a
/// duration instead (600 s), which is then what is left.
pub fn left(deadline: Duration, now: Duration) -> Duration {
    if deadline < A_DAY { deadline } else { deadline.saturating_sub(now) }
}
