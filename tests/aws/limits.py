"""Route 53's rate limits, as token buckets; off unless a test turns them on.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

# How many tokens a bucket holds, and how many it gets in a second.
ACCOUNT = (50, 10)
EACH_ACTION = (50, 10)
ACTIONS = {
    "AssociateVPCWithHostedZone": (20, 5),
    "CreateHostedZone": (40, 2),
    "DeleteHostedZone": (40, 5),
    "DisassociateVPCFromHostedZone": (10, 5),
}
CHANGES = (1500, 100)
# What a call or a change takes from the bucket of changes.
CHANGE_COSTS = {"CREATE": 1, "DELETE": 1, "UPSERT": 2}


@dataclass
class Bucket:
    """A token bucket, full to begin with."""

    size: float
    refill: float
    at: float
    tokens: float

    def fill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.refill)
        self.at = now


class RateLimits:
    """The buckets of each account. `speed` makes them fill faster; what they hold stays as AWS has it."""

    def __init__(self, speed: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._speed = speed
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = Lock()

    def refuses(self, account: str, operation: str, params: dict[str, Any]) -> bool:
        """Take a call's tokens, or say that one of its buckets has too few; then none is taken."""
        needed = [("", ACCOUNT, 1), (operation, ACTIONS.get(operation, EACH_ACTION), 1)]
        if cost := change_cost(operation, params):
            needed.append(("changes", CHANGES, cost))
        with self._lock:
            buckets = [(self._bucket(account, name, *sizes), cost) for name, sizes, cost in needed]
            if any(bucket.tokens < cost for bucket, cost in buckets):
                return True
            for bucket, cost in buckets:
                bucket.tokens -= cost
            return False

    def _bucket(self, account: str, name: str, size: int, refill: int) -> Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault((account, name), Bucket(size, refill * self._speed, now, size))
        bucket.fill(now)
        return bucket


def change_cost(operation: str, params: dict[str, Any]) -> int:
    """How many changes of DNS data a call is."""
    if operation in ACTIONS:
        return 2
    changes = params.get("ChangeBatch", {}).get("Changes", [])
    return sum(CHANGE_COSTS.get(change.get("Action"), 0) for change in changes)
