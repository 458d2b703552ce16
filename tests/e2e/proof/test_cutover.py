"""Nothing goes live unproved: the real functions, real DNS, real TLS."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.e2e.proof.checks import ADDRESSES, API, PLATFORM, live, phases, records_written, text_of
from tests.harness import HOSTS, OWNER, Answer, Scene, fails_at_init
from tests.harness.inside import VERIFIER, Inside
from tests.network import interfaces as how


def test_an_endpoint_that_proves_itself_goes_live_and_is_proved_as_clients_see_it(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", [])
    # Asked before and after, about addresses that were read once.
    assert scene.aws.calls.count("ec2:DescribeNetworkInterfaces") == 1
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


def test_the_subject_names_why_it_is_held_and_not_what_was_noticed_beside(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.REFUSES)
    scene.request("available")
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, "several-endpoints" in answer.codes) == ("held", True)
    assert scene.messages()[0].subject == f"TDP PrivateLink is HELD in {scene.vpc.id}: connect-refused"


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


def test_report_forgets_what_was_wrong_before_when_clients_can_work(scene: Scene, inside: Inside) -> None:
    scene.configure(CUTOVER_PROOF="report")
    inside.interfaces.behave(how.REFUSES)
    left = [True]

    def mend(service: str, operation: str) -> None:
        if operation == "ChangeResourceRecordSets" and left:
            left.clear()
            inside.interfaces.behave(how.ANSWERS)

    scene.aws.on_call(mend)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", [])
    assert answer.connection["proof"]["before"] == "failed"
    assert answer.connection["proof"]["after"] == "passed"
    assert "connect-refused" not in text_of(scene)


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


def test_a_zone_without_records_hides_nothing_while_the_cut_over_is_held(scene: Scene, inside: Inside) -> None:
    """A run ended between making and filling it, and then the endpoint stopped answering."""
    comment = f"heritage=tdp-privatelink,tdp-privatelink/owner={OWNER},tdp-privatelink/vpc={scene.vpc.id}"
    scene.aws.make_zone(PLATFORM, scene.vpc, comment=comment)
    inside.interfaces.behave(how.REFUSES)
    scene.request("available")
    assert scene.resolve(API) == []
    assert scene.run("sweep").outcome == "held"
    assert_public(scene)
    assert records_written(scene) == ["route53:DeleteHostedZone"]
    inside.interfaces.behave(how.ANSWERS)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


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


def test_with_many_hosts_the_verifier_is_asked_in_parts(scene: Scene, inside: Inside) -> None:
    hosts = [f"h{number}.files.example.com" for number in range(700)]
    scene.configure(EXTRA_HOSTS=",".join([*hosts, "files.example.com"]))
    scene.request("available")
    answer: Answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    assert len(answer.connection["proof"]["hosts"]) == 704
    # Each once; on a busy machine the verifier runs out of time, and is asked a second time.
    asked = {(request["phase"], *request["targets"][0]["hosts"]) for request in inside.requests}
    assert sorted(len(hosts) for _, *hosts in asked) == [104, 104, 300, 300, 300, 300]


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
