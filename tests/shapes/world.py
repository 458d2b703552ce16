"""A customer's account for one shape: the usual scene, with a word for each id."""

import json
from typing import Any

from tests.aws import DnsWatch, EmbeddedAws, Vpc
from tests.harness import Answer, Scene
from tests.shapes.readable import Words, parts

OWNER = "tdp-privatelink"
# A deployment whose API host is below its platform host: one zone holds both.
GXP = "gxp.tetrascience.com"
API = f"api.{GXP}"
PUBLIC = {GXP: ["203.0.113.1"], API: ["203.0.113.1"]}
CHANGED = "What was changed"
COVERED = "AWS service hosts"
OTHERS = "Other VPCs"
KNOW = "What to know"
UNDO = "To undo it"


class World(Scene):
    """Nothing is there but the VPC, `vpc-main`."""

    def __init__(self, aws: EmbeddedAws, region: str | None = None, **variables: str) -> None:
        aws.reset(region)
        aws.insync_after = 0
        super().__init__(aws)
        self.words = Words()
        self.words.name(self.vpc.id, "vpc-main")
        self.configure(OWNER_ID=OWNER, TDP_PLATFORM_HOST=GXP)
        self.configure(**variables)

    def endpoint(self, word: str = "tdp", state: str = "available") -> str:
        """One more endpoint to TDP."""
        return self.words.name(self.request(state), f"vpce-{word}")

    def service(self, service: str, **settings: Any) -> str:
        """An endpoint of the VPC's own to an AWS service."""
        return self.words.name(self.add_service(service, **settings), f"vpce-{service.replace('.', '-')}")

    def another_vpc(self, word: str, **settings: Any) -> Vpc:
        vpc = self.add_vpc(settings.pop("cidr", "10.1.0.0/16"), **settings)
        self.words.name(vpc.id, f"vpc-{word}")
        return vpc

    def plan(self) -> dict[str, Any]:
        """What a person gets who asks for the plan: the report, in words."""
        answer = self.run("plan")
        report: dict[str, Any] = json.loads(self.in_words(json.dumps(_report(answer))))
        return report

    def act(self, task: str = "reconcile", outcome: str = "changed") -> Answer:
        """One run, which has to end so."""
        self.mark()
        self._name_zones()
        answer = self.run(task)
        self._name_zones()
        assert answer.ok and answer.outcome == outcome, answer
        return answer

    def planned_and_done(self) -> Answer:
        """A plan and then the run that does it: the plan has said before what is changed. Only the SOA of a zone that
        is to be made is not known before."""
        planned = self.run("plan")
        done = self.act()
        assert planned.outcome == "planned"
        assert _changes(planned) == [change for change in _changes(done) if change["type"] != "SOA"]
        return done

    def told(self, *headings: str) -> str:
        """The subject of the only message of the last run, and parts of its text, in words."""
        (message,) = self.messages()
        text = json.loads(message.message)["email"]
        return self.in_words(f"{message.subject}\n\n{parts(text, *headings)}")

    def resolve(self, host: str, kind: str = "A", vpc: Vpc | None = None) -> list[str]:
        """What a client in the VPC, or in another, gets for a host; public DNS knows GXP as 203.0.113.1."""
        reply = self.aws.view((vpc or self.vpc).id, PUBLIC).resolve(host, kind)
        return sorted(value for _, found, _, value in reply.records if found == kind)

    def watch_dns(self, *hosts: str, vpc: Vpc | None = None) -> DnsWatch:
        return self.aws.watch_dns(vpc or self.vpc, *hosts, public=PUBLIC)

    def in_words(self, text: str) -> str:
        return self.words.of(text)

    def _name_zones(self) -> None:
        self.words.name_zones([zone for zone in self.aws.zones() if "tdp-privatelink/owner=" in zone["comment"]])

    def ends(self) -> None:
        """As each test of the function ends: nothing of others has changed, and there is nothing left to do."""
        self.assert_foreign_untouched()
        self.assert_planning_again_gives_nothing()


def _report(answer: Answer) -> dict[str, Any]:
    assert answer.report is not None, answer.error
    return answer.report


def _changes(answer: Answer) -> list[dict[str, Any]]:
    """Which records change and how, without the number of the change in each marker."""

    def without_number(value: dict[str, Any] | None) -> dict[str, Any] | None:
        values = (value or {}).get("values")
        return {**(value or {}), "values": [one.split("/change=")[0] for one in values]} if values else value

    return [
        change | {side: without_number(change[side]) for side in ("before", "after")}
        for change in answer.connection["changes"]
    ]
