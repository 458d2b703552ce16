//! Counts what is sent to AWS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_route53::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_route53::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_route53::error::BoxError;

/// How services say that there were too many requests; their codes are a list of their own in `error.rs`, which is about
/// calls and not about attempts.
const TOO_MANY: [&[u8]; 4] = [b"Throttl", b"RequestLimitExceeded", b"TooManyRequests", b"PriorRequestNotComplete"];

/// Requests that were sent, counted by every client that has it as an interceptor. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    throttled: AtomicU64,
}

impl Calls {
    /// How many requests were sent, repeated ones too, and how many of them AWS refused as too many, since the last time
    /// that it was asked.
    pub fn take(&self) -> (u64, u64) {
        (self.0.sent.swap(0, Ordering::Relaxed), self.0.throttled.swap(0, Ordering::Relaxed))
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let refused = context.response().filter(|response| !response.status().is_success());
        let says_so = refused.is_some_and(|response| {
            let body = response.body().bytes().unwrap_or_default();
            response.status().as_u16() == 429
                || TOO_MANY.iter().any(|word| body.windows(word.len()).any(|part| part == *word))
        });
        if says_so {
            self.0.throttled.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
