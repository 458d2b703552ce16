"""Times octoDNS's planner in process, and its Route 53 provider where it is given one.

`octodns_planner.py <rounds> <records>…` plans so many records of one zone, half of them addresses and half of them TXT
as our markers are, and prints a line of JSON for each number and state. `octodns_planner.py route53 <zone> <vpc>` plans
what the zone holds and one record more.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone
from octodns_route53 import Route53Provider

MARKER = (
    "heritage=tdp-privatelink,tdp-privatelink/owner=tdp-bench,tdp-privatelink/endpoint={},"
    "tdp-privatelink/types=A,tdp-privatelink/change=0ddba115"
)


class Memory(BaseProvider):
    """A provider whose zone is there already: what is timed is planning, not reading."""

    log = logging.getLogger("memory")
    SUPPORTS_GEO = False
    SUPPORTS = {"A", "TXT"}

    def __init__(self, existing: Zone) -> None:
        super().__init__("memory")
        self._existing = existing
        self.populating = 0.0

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:
        started = time.perf_counter()
        for record in self._existing.records:
            zone.add_record(record, lenient=True)
        self.populating = time.perf_counter() - started
        return True

    def _apply(self, plan: object) -> None:
        raise NotImplementedError


def records(zone: Zone, count: int, address: str) -> Iterator[Record]:
    for number in range(count // 2):
        for name, data in (
            (f"host-{number}", {"type": "A", "ttl": 60, "value": address}),
            (f"_marker.host-{number}", {"type": "TXT", "ttl": 300, "value": MARKER.format(address)}),
        ):
            yield Record.new(zone, name, data, lenient=True)


def filled(count: int, address: str) -> Zone:
    zone = Zone("files.example.com.", [])
    for record in records(zone, count, address):
        zone.add_record(record, lenient=True)
    return zone


def in_process(rounds: int, counts: list[int]) -> None:
    for count in counts:
        desired = filled(count, "192.0.2.1")
        empty, moved = Zone("files.example.com.", []), filled(count, "192.0.2.2")
        for state, existing, changes in (
            ("new", empty, count),
            ("settled", filled(count, "192.0.2.1"), 0),
            ("moved", moved, count),
        ):
            milliseconds = []
            for _ in range(rounds):
                provider = Memory(existing)
                started = time.perf_counter()
                plan = provider.plan(desired)
                seconds = time.perf_counter() - started - provider.populating
                assert (len(plan.changes) if plan else 0) == changes
                milliseconds.append(seconds * 1000)
            print(json.dumps({"records": count, "state": state, "milliseconds": milliseconds}), flush=True)


def on_route53(name: str, vpc_id: str) -> None:
    provider = Route53Provider("route53", vpc_id=vpc_id, vpc_region="us-east-1")
    desired = Zone(f"{name}.", [])
    started = time.perf_counter()
    # It keeps what it read, so that planning reads nothing again.
    provider.populate(desired, lenient=True)
    added = {"type": "A", "ttl": 60, "value": "192.0.2.1"}
    desired.add_record(Record.new(desired, "octodns", added, lenient=True), lenient=True)
    plan = provider.plan(desired)
    milliseconds = (time.perf_counter() - started) * 1000
    print(json.dumps({"changes": len(plan.changes) if plan else 0, "milliseconds": milliseconds}))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if sys.argv[1] == "route53":
        on_route53(*sys.argv[2:])
    else:
        in_process(int(sys.argv[1]), [int(argument) for argument in sys.argv[2:]])
