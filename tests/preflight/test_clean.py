"""Where nothing is wrong, nothing is found: the world in which every check passes."""

from tests.preflight.site import Site

CHECKS = 24
# What is settled once the endpoint is there.
SETTLED = {"subnets", "free-addresses", "endpoint-quota"}


def test_a_live_connection_with_nothing_wrong_has_no_finding(live: Site) -> None:
    found = live.ask()
    assert found.codes == []
    assert found.report["verdict"] == "ready"
    expected = {check: "not-applicable" if check in SETTLED else "passed" for check in found.verdicts()}
    assert (found.verdicts(), len(expected)) == (expected, CHECKS)


def test_before_the_endpoint_is_made_there_is_nothing_left_but_to_make_it(site: Site) -> None:
    found = site.ask(subnetIds=site.vpc.subnet_ids, securityGroupIds=[site.group])
    finding = found.only("endpoint-missing", "note")
    assert found.report["verdict"] == "ready"
    # Nothing is called passed that could not be looked at yet.
    assert {check for check, verdict in found.verdicts().items() if verdict == "not-applicable"} == {
        "primary-dns-name",
        "records",
    }
    for part in [site.vpc.id, site.group, *site.vpc.subnet_ids, "aws ec2 create-vpc-endpoint"]:
        assert part in finding["command"]


def test_a_warm_function_looks_again_each_time(live: Site) -> None:
    with live.preflight() as function:
        event = {"vpcId": live.vpc.id}
        before = function.invoke(event).report
        live.aws.set_endpoint_state(live.endpoint_id, "rejected")
        after = function.invoke(event).report
    assert before and after
    codes = [[finding["code"] for finding in report["findings"]] for report in (before, after)]
    assert ["endpoint-not-usable" in found for found in codes] == [False, True]
