"""What is around a connection in a long life: other VPCs on our zones, another owner's stack, and a verifier."""

import json
from typing import Any

from tests.aws import Invoked
from tests.aws.names import canonical
from tests.chaos.story import Broken
from tests.e2e.checks import WILDCARD_WIRE
from tests.harness import Scene
from tests.harness.world import OWNER

VERIFIER = "tdp-verify"
NOTE = "_tdp-privatelink-vpcs"
VERDICTS = ["passed", "passed", "failed", "incomplete", "no answer"]


class Shares:
    """Two more VPCs, with which our zones are associated: by us, where the configuration says so, or by somebody's hand,
    which stays.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.vpcs = [scene.add_vpc(f"10.6{number}.0.0/16", azs=0) for number in (0, 1)]
        self.by_hand: set[tuple[str, str]] = set()

    def add(self, zone_id: str | None, which: int) -> None:
        """Somebody associates a zone of ours, where that VPC has none of the name."""
        vpc, zone = self.vpcs[which], self._zone(zone_id)
        if zone and zone["name"] not in [one["name"] for one in self._scene.aws.zones(vpc)]:
            self._change("associate_vpc_with_hosted_zone", zone["id"], vpc.id)
            if vpc.id not in self._noted(zone):
                self.by_hand.add((zone["id"], vpc.id))

    def take(self, zone_id: str | None, which: int) -> None:
        """Somebody lets a VPC go from a zone of ours, whoever associated it."""
        vpc, zone = self.vpcs[which], self._zone(zone_id)
        if zone and vpc.id in zone["vpcs"] and len(zone["vpcs"]) > 1:
            self._change("disassociate_vpc_from_hosted_zone", zone["id"], vpc.id)
            self.by_hand.discard((zone["id"], vpc.id))

    def clean(self) -> None:
        for zone_id, vpc_id in list(self.by_hand):
            self.take(zone_id, [vpc.id for vpc in self.vpcs].index(vpc_id))
        self.by_hand.clear()

    def check(self) -> None:
        for zone_id, vpc_id in self.by_hand:
            zone = self._zone(zone_id)
            if zone is not None and vpc_id not in zone["vpcs"]:
                raise Broken(f"{vpc_id} is not on {zone['name']} any more, and somebody else had put it there")

    def check_end(self) -> None:
        """Each zone of ours on the VPC has those of the two that the configuration names."""
        wanted = self._scene.variables.get("EXTRA_VPC_IDS", "").split(",")
        for zone in self._scene.aws.zones(self._scene.vpc):
            for vpc in self.vpcs:
                if f"owner={OWNER}," in zone["comment"] and (vpc.id in zone["vpcs"]) != (vpc.id in wanted):
                    raise Broken(f"{zone['name']} is on {zone['vpcs']}, and EXTRA_VPC_IDS is {wanted}")

    def _zone(self, zone_id: str | None) -> dict[str, Any] | None:
        return next((zone for zone in self._scene.aws.zones() if zone["id"] == zone_id), None)

    def _noted(self, zone: dict[str, Any]) -> str:
        return str([one for one in self._scene.aws.records(zone["id"]) if one["Name"].startswith(NOTE)])

    def _change(self, operation: str, zone_id: str, vpc_id: str) -> None:
        change = getattr(self._scene.aws.client("route53"), operation)
        change(HostedZoneId=zone_id, VPC={"VPCRegion": self._scene.aws.region, "VPCId": vpc_id})


def things_of(scene: Scene, owner: str) -> list[object]:
    """Everything that says that it is an owner's: zones, markers, and the addresses that those speak of."""
    found: list[object] = []
    for zone in scene.aws.zones():
        if f"/owner={owner}," in zone["comment"]:
            found.append(zone)
        records = scene.aws.records(zone["id"])
        for marker in (one for one in records if one["Type"] == "TXT" and f"/owner={owner}," in str(one)):
            types = str(marker).partition("/types=")[2].partition(",")[0].split("+")
            _, _, host = marker["Name"].partition(".")
            names = {host, f"{WILDCARD_WIRE}.{host}"}
            found.append(marker)
            found += [one for one in records if one["Name"] in names and one["Type"] in types]
    return found


class Verifier:
    """Says of every host what it is told to say. `unproved`: hosts that it did not prove before they were written."""

    def __init__(self, scene: Scene) -> None:
        self.verdict = "passed"
        self.unproved: set[str] = set()
        scene.aws.functions.add(VERIFIER, self._invoke)

    def _invoke(self, payload: bytes) -> Invoked:
        request = json.loads(payload)
        hosts = [host for target in request["targets"] for host in target["hosts"]]
        if request["phase"] == "before" and self.verdict != "passed":
            self.unproved.update(map(canonical, hosts))
        if self.verdict == "no answer":
            return Invoked(b'{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}', failed=True)
        why = {"code": "connect-refused", "message": "Nobody listens.", "fix": "Listen."}
        cause = why if self.verdict == "failed" else None
        seen: dict[str, Any] = {
            "verdict": self.verdict,
            "cause": cause,
            "answers": [],
            "tries": [],
            "certificate": None,
        }
        answer = {
            "phase": request["phase"],
            "verdict": self.verdict,
            "hosts": [seen | {"host": host} for host in hosts],
            "problems": [cause] if cause else [],
        }
        return Invoked(json.dumps(answer).encode())
