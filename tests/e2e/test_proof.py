"""Nothing goes live unproved, and what is live stays proved: the real functions, real DNS, real TLS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Invoked
from tests.aws.dns import SERVFAIL
from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.harness import HOSTS, Answer, Function, Scene, fails_at_init
from tests.harness.inside import CIDR, VERIFIER, Inside, invoked, public_names
from tests.network import interfaces as how

ADDRESSES = ["127.10.0.10", "127.10.1.10", "127.10.2.10"]
API = "api.platform.tetrascience.com"
PLATFORM = "platform.tetrascience.com"


@pytest.fixture
def scene(aws: EmbeddedAws) -> Iterator[Scene]:
    """A VPC whose endpoint's network interfaces are on this machine."""
    scene = Scene(aws, CIDR)
    yield scene
    scene.assert_foreign_untouched()


@pytest.fixture
def inside(scene: Scene, tmp_path: Path) -> Iterator[Inside]:
    """Its inside, with the verifier that reconcile knows; all is well, until a test says otherwise."""
    names = [*HOSTS, "files.example.com", "*.files.example.com"]
    with Inside(scene.aws, scene.vpc, ADDRESSES, names, public_names(list(HOSTS)), tmp_path) as inside:
        scene.configure(VERIFIERS=f"{scene.vpc.id}={VERIFIER}")
        yield inside


def records_written(scene: Scene) -> list[str]:
    return [call.name for call in scene.writes() if call.service == "route53"]


def text_of(scene: Scene) -> str:
    """The text of the only message."""
    (message,) = scene.messages()
    return str(json.loads(message.message)["email"])


def phases(inside: Inside) -> list[str]:
    return [request["phase"] for request in inside.requests]


def live(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    scene.mark()


# The cut-over


def test_an_endpoint_that_proves_itself_goes_live_and_is_proved_as_clients_see_it(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", [])
    proof = answer.connection["proof"]
    assert (proof["before"], proof["after"]) == ("passed", "passed")
    assert sorted(one["host"] for one in proof["hosts"]) == sorted(HOSTS)
    assert all(one["answers"] == ADDRESSES for one in proof["hosts"])
    assert phases(inside) == ["before", "after"]
    assert_live(scene)
    assert scene.news() == ["connection-live"]
    assert scene.messages()[0].subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, proved"
    text = text_of(scene)
    for part in (f"{PLATFORM}: passed", "127.10.1.10 (use1-az", "TLSv1.3", "certificate CN=", "days)"):
        assert part in text, text
    record = scene.parameter()
    assert record is not None
    assert (record["proof"], record["announced"]["proof"]) == (["passed", "passed"], "passed")


def test_the_verifier_is_asked_about_every_host_and_address_with_its_zone(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    scene.run("sweep")
    (target,) = inside.requests[0]["targets"]
    assert target["endpointId"] == scene.endpoint_id
    assert target["regionalDnsName"] == scene.primary_dns_name()
    assert sorted(target["hosts"]) == sorted(HOSTS)
    assert [one["ip"] for one in target["addresses"]] == ADDRESSES
    subnets = scene.aws.client("ec2").describe_subnets(SubnetIds=scene.vpc.subnet_ids)["Subnets"]
    assert [one["azId"] for one in target["addresses"]] == [one["AvailabilityZoneId"] for one in subnets]
    assert len(target["zonalDnsNames"]) == 3
    assert all(name.startswith(f"{scene.endpoint_id}-") for name in target["zonalDnsNames"])


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(how.REFUSES, "connect-refused"), (how.CLOSES, "tls-closed"), (how.WRONG_NAME, "certificate-name")],
)
def test_an_endpoint_that_does_not_answer_is_held_until_it_does(
    scene: Scene, inside: Inside, behaviour: str, code: str
) -> None:
    inside.interfaces.behave(behaviour)
    scene.request("available")
    with scene.function() as function:
        for _ in range(10):
            answer = function.invoke({"task": "sweep"})
            assert (answer.ok, answer.outcome, answer.codes) == (True, "held", [code])
            assert answer.connection["proof"]["before"] == "failed"
            assert answer.connection["changes"] == []
        assert records_written(scene) == []
        assert_public(scene)
        assert scene.news() == ["held"]
        assert scene.messages()[0].subject == f"TDP PrivateLink is HELD in {scene.vpc.id}: {code}"
        assert f"[{code}]" in text_of(scene)
        inside.interfaces.behave(how.ANSWERS)
        answer = function.invoke({"task": "sweep"})
    assert answer.outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["held", "connection-live"]


def test_ten_cold_sweeps_tell_once_as_well(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.REFUSES)
    scene.request("available")
    for _ in range(10):
        assert scene.run("sweep").outcome == "held"
    assert scene.news() == ["held"]
    assert records_written(scene) == []


def test_one_host_that_is_not_served_holds_all_and_is_named(scene: Scene, inside: Inside) -> None:
    scene.configure(EXTRA_HOSTS="typo.example.com")
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("held", ["certificate-name"])
    assert "typo.example.com" in answer.connection["problems"][0]["message"]
    assert records_written(scene) == []


def test_a_wildcard_host_goes_live(scene: Scene, inside: Inside) -> None:
    scene.configure(EXTRA_HOSTS="*.files.example.com")
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")


def test_one_address_of_three_that_is_dead_does_not_hold(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.REFUSES, ADDRESSES[1])
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", ["az-unreachable"])
    assert answer.connection["proof"]["after"] == "passed"
    assert f"{ADDRESSES[1]} (use1-az" in text_of(scene)


def test_report_goes_live_and_says_failing(scene: Scene, inside: Inside) -> None:
    scene.configure(CUTOVER_PROOF="report")
    inside.interfaces.behave(how.CLOSES)
    scene.request("available")
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert (answer.connection["proof"]["before"], answer.connection["proof"]["after"]) == ("failed", "failed")
    assert_live(scene)
    (message,) = scene.messages()
    assert message.subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, failing"
    assert (message.attributes["event"], message.attributes["severity"]) == ("connection-live", "error")
    text = text_of(scene)
    assert "the proof is failing: 3 of 3 names fail" in text
    assert "before failed, after failed" in text
    assert "[tls-closed]" in text


def test_report_without_a_verdict_goes_live_and_says_unproven(scene: Scene, inside: Inside) -> None:
    scene.configure(CUTOVER_PROOF="report")
    scene.aws.functions.remove(VERIFIER)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", ["verifier-missing"])
    assert scene.messages()[0].subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, unproven"
    assert "unproven" in text_of(scene)


def test_a_vpc_without_a_verifier_goes_live_unproven_also_when_proof_is_required(scene: Scene) -> None:
    scene.configure(CUTOVER_PROOF="require", VERIFIERS=f"vpc-0123456789abcdef0={VERIFIER}")
    scene.request("available")
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert answer.connection["proof"] == {"before": "unproven", "after": "unproven"}
    assert scene.messages()[0].subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, unproven"


def test_a_new_host_that_is_not_served_is_held_and_the_old_ones_stay(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.configure(EXTRA_HOSTS="typo.example.com")
    inside.requests.clear()
    answer = scene.run("sweep")
    assert (answer.outcome, records_written(scene)) == ("held", [])
    assert inside.requests[0]["targets"][0]["hosts"] == ["typo.example.com"]
    assert_live(scene)
    assert "stay as they are" in text_of(scene)


def test_a_replaced_endpoint_is_proved_before_names_move_to_it(scene: Scene, inside: Inside) -> None:
    live(scene)
    first = scene.endpoint_id
    second = scene.request("available")
    scene.endpoint_id = first
    new = scene.addresses(endpoint_id=second)
    assert set(new).isdisjoint(ADDRESSES)
    scene.enter("rejected")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["endpointId"]) == ("held", second)
    assert answer.codes.count("connect-refused") == 1
    assert records_written(scene) == []
    assert_live(scene, endpoint_id=first)
    for address in new:
        inside.interfaces.behave(how.ANSWERS, address)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, endpoint_id=second)


# Where the verifier is at fault


def broken(behaviour: str) -> Any:
    def invoke(payload: bytes) -> Invoked:
        request = json.loads(payload)
        host = {"verdict": "passed", "cause": None, "answers": [], "tries": [], "certificate": None}
        hosts = [host | {"host": name} for name in request["targets"][0]["hosts"]]
        passed = {"phase": request["phase"], "verdict": "passed", "hosts": hosts, "problems": []}
        answers: dict[str, Any] = {
            "error": {"errorType": "Runtime.ExitError", "errorMessage": "exit status 1\nsecond line"},
            "timeout": {"errorType": "Sandbox.Timedout", "errorMessage": "x Task timed out after 35.00 seconds"},
            "no-json": b"<html>",
            "null": None,
            "other-hosts": passed | {"hosts": [host | {"host": "www.example.com"}]},
            "fewer-hosts": passed | {"hosts": hosts[1:]},
            "no-hosts": passed | {"hosts": []},
            "other-phase": passed | {"phase": "after" if request["phase"] == "before" else "before"},
            "unknown-cause": passed | {"problems": [{"code": "of-tomorrow", "message": "m", "fix": "f"}]},
        }
        answer = answers[behaviour]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Invoked(body, failed=behaviour in ("error", "timeout"))

    return invoke


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("error", "verifier-failed"),
        ("timeout", "verifier-timed-out"),
        ("no-json", "verifier-failed"),
        ("null", "verifier-failed"),
        ("other-hosts", "verifier-failed"),
        ("fewer-hosts", "verifier-failed"),
        ("no-hosts", "verifier-failed"),
        ("other-phase", "verifier-failed"),
        ("unknown-cause", "verifier-failed"),
    ],
)
def test_a_verifier_that_is_broken_is_neither_a_pass_nor_a_failure(
    scene: Scene, inside: Inside, behaviour: str, code: str
) -> None:
    scene.aws.functions.add(VERIFIER, broken(behaviour))
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.ok, answer.outcome, answer.codes) == (True, "held", [code])
    assert answer.connection["proof"]["before"] == "unproven"
    assert "says nothing about the connection" in answer.connection["problems"][0]["message"]
    assert records_written(scene) == []
    assert scene.messages()[0].subject == f"TDP PrivateLink is HELD in {scene.vpc.id}: {code}"


def test_a_verifier_that_is_configured_wrong_says_so_in_the_report(scene: Scene, inside: Inside) -> None:
    with Function(inside.variables() | {"VERIFY_CIDRS": "everything"}, "verify") as wrong:
        scene.aws.functions.add(VERIFIER, lambda payload: invoked(wrong.invoke(payload)))
        scene.request("available")
        answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("held", ["verifier-failed"])
    assert "VERIFY_CIDRS is 'everything'" in answer.connection["problems"][0]["message"]


@pytest.mark.parametrize(("fault", "code"), [("denied", "verifier-failed"), ("503", "verifier-failed")])
def test_a_verifier_that_cannot_be_invoked_holds(scene: Scene, inside: Inside, fault: str, code: str) -> None:
    scene.aws.faults.add(fault, "lambda", "Invoke", times=None)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes, records_written(scene)) == ("held", [code], [])
    if fault == "denied":
        assert "lambda:InvokeFunction" in answer.connection["problems"][0]["fix"]


@pytest.mark.parametrize("fault", ["throttle", "503", "drop", "lost"])
def test_one_failed_call_to_a_verifier_is_tried_again(scene: Scene, inside: Inside, fault: str) -> None:
    scene.aws.faults.add(fault, "lambda", "Invoke")
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["before"]) == ("changed", "passed")


def test_addresses_that_cannot_be_read_prove_nothing(scene: Scene, inside: Inside) -> None:
    scene.aws.faults.add("denied", "ec2", "DescribeNetworkInterfaces", times=None)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes, records_written(scene)) == ("held", ["access-denied"], [])
    assert inside.requests == []


def test_a_verifier_by_arn_is_found(scene: Scene, inside: Inside) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{VERIFIER}"
    scene.configure(VERIFIERS=f"{scene.vpc.id}={arn}")
    scene.request("available")
    assert scene.run("sweep").connection["proof"]["after"] == "passed"


# While it is live


def test_a_settled_sweep_still_makes_one_call(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        answer = function.invoke({"task": "sweep"})
    assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
    assert answer.connection["proof"] == {"before": "passed", "after": "passed"}


def test_a_cold_sweep_does_not_prove_again_what_is_proved(scene: Scene, inside: Inside) -> None:
    live(scene)
    answer = scene.run("sweep")
    assert scene.aws.calls.count("lambda") == 0
    assert answer.connection["proof"] == {"before": "passed", "after": "passed"}


def test_the_drift_pass_proves_again(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.requests.clear()
    answer = scene.run("drift")
    assert (answer.outcome, phases(inside)) == ("in-sync", ["after"])
    assert (scene.news(), records_written(scene)) == ([], [])


def test_an_outage_is_told_once_and_its_end_once(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    with scene.function() as function:
        first = function.invoke({"task": "drift"})
        assert (first.outcome, first.connection["proof"]["after"], first.codes) == ("in-sync", "failed", ["connect-refused"])
        for task in ["sweep"] * 10 + ["drift"]:
            assert function.invoke({"task": task}).connection["proof"]["after"] == "failed"
        assert scene.news() == ["proof-failed"]
        (message,) = scene.messages()
        assert message.subject == f"TDP PrivateLink is failing in {scene.vpc.id}: connect-refused"
        assert message.attributes["severity"] == "error"
        assert "[connect-refused]" in text_of(scene)
        inside.interfaces.behave(how.ANSWERS)
        # The next sweep sees it: nobody waits for a drift pass to be told that it is over.
        assert function.invoke({"task": "sweep"}).connection["proof"]["after"] == "passed"
        for task in ("sweep", "drift", "sweep"):
            function.invoke({"task": task})
    assert scene.news() == ["proof-failed", "proof-recovered"]
    assert scene.messages()[1].subject == f"TDP PrivateLink is proved in {scene.vpc.id}: 3 of 3 names"
    assert records_written(scene) == []
    assert_live(scene)


def test_cold_processes_tell_an_outage_once_as_well(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    for task in ("drift", "sweep", "drift", "sweep"):
        assert scene.run(task).connection["proof"]["after"] == "failed"
    inside.interfaces.behave(how.ANSWERS)
    for task in ("sweep", "drift"):
        scene.run(task)
    assert scene.news() == ["proof-failed", "proof-recovered"]


def test_a_resolver_that_fails_is_an_outage_too(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.dns.troubles[API] = SERVFAIL
    answer = scene.run("drift")
    assert (answer.codes, scene.news()) == (["dns-failed"], ["proof-failed"])
    assert "1 of 3 names fails" in text_of(scene)


def test_a_person_asks_for_proof(scene: Scene, inside: Inside) -> None:
    live(scene)
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("in-sync", "passed")
    assert len(answer.connection["proof"]["hosts"]) == 3
    inside.interfaces.behave(how.CLOSES)
    assert scene.run("verify").connection["proof"]["after"] == "failed"
    assert scene.news() == ["proof-failed"]
    assert records_written(scene) == []


def test_proof_asked_for_before_anything_is_live_shows_what_would_happen(scene: Scene, inside: Inside) -> None:
    scene.configure(MODE="plan")
    scene.request("available")
    answer = scene.run("verify")
    proof = answer.connection["proof"]
    assert (answer.outcome, proof["before"], proof["after"]) == ("planned", "passed", "unproven")
    inside.interfaces.behave(how.SILENT)
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["before"], answer.codes) == ("planned", "failed", ["tls-timed-out"])
    assert (scene.writes(), scene.messages()) == ([call for call in scene.writes() if call.service == "lambda"], [])


def test_plan_asks_no_verifier(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    assert scene.run("plan").outcome == "planned"
    assert inside.requests == []


def test_a_verifier_that_breaks_while_live_is_told_once_and_is_no_outage(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.aws.functions.remove(VERIFIER)
    for task in ("drift", "sweep", "drift"):
        answer = scene.run(task)
        assert (answer.codes, answer.connection["proof"]["after"]) == (["verifier-missing"], "unproven")
    assert scene.news() == ["proof-missing"]
    scene.aws.functions.add(VERIFIER, inside.invoke)
    scene.run("sweep")
    assert scene.news() == ["proof-missing", "proof-recovered"]


def test_a_verifier_that_is_configured_later_proves_at_the_next_sweep(scene: Scene, inside: Inside) -> None:
    verifiers = scene.variables["VERIFIERS"]
    scene.configure(VERIFIERS=None)
    scene.go_live()
    scene.configure(VERIFIERS=verifiers)
    assert scene.run("sweep").connection["proof"]["after"] == "passed"
    assert scene.news() == ["proof-recovered"]
    scene.run("sweep")
    assert scene.news() == ["proof-recovered"]


@pytest.mark.parametrize("later", ["drift", "verify"])
def test_a_certificate_that_ends_soon_is_told_once(scene: Scene, inside: Inside, later: str) -> None:
    live(scene)
    inside.interfaces.behave(how.EXPIRING)
    for _ in range(3):
        answer = scene.run(later)
        assert (answer.outcome, answer.connection["proof"]["after"]) == ("in-sync", "passed")
        assert "certificate-expiring" in answer.codes
    assert scene.news() == ["certificate-expiring"]
    assert "20 days" in text_of(scene)
    inside.interfaces.behave(how.ANSWERS)
    scene.run(later)
    assert scene.news() == ["certificate-expiring"]


def test_a_certificate_that_ends_soon_at_the_cut_over_is_told_beside(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.EXPIRING)
    scene.request("available")
    scene.run("sweep")
    assert scene.news() == ["connection-live", "certificate-expiring"]


def test_a_repair_during_an_outage_is_held(scene: Scene, inside: Inside) -> None:
    """Whoever moved a name away from an endpoint that is down keeps it there until the endpoint answers."""
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    scene.aws.delete_record(scene.zones()[PLATFORM], API, "A")
    assert scene.run("drift").outcome == "held"
    assert records_written(scene) == []
    inside.interfaces.behave(how.ANSWERS)
    assert scene.run("sweep").outcome == "changed"
    assert scene.news() == ["held", "connection-recovered"]
    assert_live(scene)


def test_a_name_that_is_lost_while_another_is_repaired_is_proved_as_well(scene: Scene, inside: Inside) -> None:
    live(scene)
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, PLATFORM, "A")
    inside.requests.clear()
    written = []

    def edit(service: str, operation: str) -> None:
        if operation == "ChangeResourceRecordSets":
            if not written:
                scene.aws.put_records(zone_id, {"Name": PLATFORM, "Type": "A", "AliasTarget": scene.alias()})
                scene.aws.delete_record(zone_id, API, "A")
            written.append([host for one in inside.requests for host in one["targets"][0]["hosts"]])

    scene.aws.on_call(edit)
    first = scene.run("drift")
    assert first.error is not None
    assert "zones keep changing" in first.message
    assert scene.run("drift").outcome == "changed"
    assert written[0] == [PLATFORM]
    assert all(API in proved for proved in written[1:])
    assert_live(scene)


def test_a_repair_and_an_outage_found_together_are_both_told(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.aws.delete_record(scene.zones()[PLATFORM], API, "A")
    inside.dns.troubles["api.tetrascience.com"] = SERVFAIL
    answer = scene.run("drift", deadline=20)
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "failed")
    assert scene.news() == ["drift-repaired", "proof-failed"]


def test_answers_that_resolvers_remember_are_waited_for(scene: Scene, inside: Inside) -> None:
    """The name is missing for a few seconds after it was written, as in a resolver's memory."""
    asked: list[str] = []

    def remembers(payload: bytes) -> Invoked:
        phase = json.loads(payload)["phase"]
        asked.append(phase)
        inside.dns.troubles = {API: SERVFAIL} if phase == "after" and asked.count("after") < 3 else {}
        return inside.invoke(payload)

    scene.aws.functions.add(VERIFIER, remembers)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"], answer.codes) == ("changed", "passed", [])
    assert asked == ["before", "after", "after", "after"]
    assert scene.news() == ["connection-live"]


def test_a_failure_is_looked_at_twice_before_it_is_told(scene: Scene, inside: Inside) -> None:
    live(scene)
    behaviours = [how.REFUSES, how.ANSWERS]

    def flickers(payload: bytes) -> Invoked:
        inside.interfaces.behave(behaviours.pop(0))
        return inside.invoke(payload)

    scene.aws.functions.add(VERIFIER, flickers)
    assert scene.run("drift").connection["proof"]["after"] == "passed"
    assert (scene.news(), behaviours) == ([], [])


def test_with_many_hosts_the_verifier_is_asked_in_parts(scene: Scene, inside: Inside) -> None:
    hosts = [f"h{number}.files.example.com" for number in range(700)]
    scene.configure(EXTRA_HOSTS=",".join([*hosts, "files.example.com"]))
    scene.request("available")
    answer: Answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    assert len(answer.connection["proof"]["hosts"]) == 704
    assert sorted(len(request["targets"][0]["hosts"]) for request in inside.requests) == [104, 104, 300, 300, 300, 300]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"VERIFIERS": "vpc-0a1b2c3d=verify", "VPC_ID": "vpc-0a1b2c3e"}, "VPC_ID"),
        ({"VERIFIERS": "vpc-0a1b2c3d=a,vpc-0a1b2c3d=b"}, "one function for each VPC"),
    ],
)
def test_verifiers_that_contradict_each_other_or_the_vpc_are_refused(
    scene: Scene, changes: dict[str, str], says: str
) -> None:
    scene.configure(**changes)
    said, code = fails_at_init(scene.variables)
    assert code != 0
    assert "VERIFIERS" in said
    assert says in said
