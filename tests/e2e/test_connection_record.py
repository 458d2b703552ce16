"""The connection record when SSM does not take it: people are not told every minute, and it is written in the end."""

from tests.harness import Scene


def test_a_record_that_ssm_refuses_costs_one_message_not_one_a_minute(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "ssm", "PutParameter", times=None)
    with scene.function() as function:
        answers = [function.invoke({"task": "sweep"}) for _ in range(5)]
        assert [answer.ok for answer in answers] == [False] * 5
        assert all("ssm:PutParameter" in answer.message for answer in answers)
        assert scene.news() == ["connection-live"]
        assert scene.parameter() is None

        scene.aws.faults.clear()
        assert function.invoke({"task": "sweep"}).ok
        assert scene.news() == ["connection-live"]
        record = scene.parameter()
        assert record is not None and record["announced"]["event"] == "connection-live"

        scene.aws.calls.clear()
        assert function.invoke({"task": "sweep"}).outcome == "in-sync"
        assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]


def test_what_happens_after_a_record_that_ssm_refused_is_told_all_the_same(scene: Scene) -> None:
    """SSM still says "lost" when the connection that came back is lost again."""
    scene.go_live()
    scene.enter("rejected")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "lost"
        scene.aws.faults.add("denied", "ssm", "PutParameter", times=None)
        scene.enter("available")
        assert not function.invoke({"task": "sweep"}).ok
        scene.aws.faults.clear()
        scene.enter("rejected")
        assert function.invoke({"task": "sweep"}).outcome == "lost"
    assert scene.news() == ["connection-lost", "connection-recovered", "connection-lost"]
    record = scene.parameter()
    assert record is not None and record["announced"]["event"] == "connection-lost"
