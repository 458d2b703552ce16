"""The connection record in SSM as a trail: what was known when people were told."""

import json

from tests.harness import OWNER, Scene


def test_each_piece_of_news_is_a_version_of_the_connection_record(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    with scene.function() as function:
        for state in ("pendingAcceptance", "available", "rejected", "available"):
            scene.enter(state)
            for _ in range(3):
                assert function.invoke({"task": "sweep"}).ok
    name = f"/tdp-privatelink/{OWNER}/{scene.vpc.id}"
    versions = scene.aws.client("ssm").get_parameter_history(Name=name)["Parameters"]
    told = ["connection-waiting", "connection-live", "connection-lost", "connection-recovered"]
    assert scene.news() == told
    records = [json.loads(one["Value"]) for one in sorted(versions, key=lambda one: one["Version"])]
    seen = [record["announced"]["event"] for record in records]
    # Versions between two pieces of news repeat the one that was told last.
    assert list(dict.fromkeys(seen)) == told
    live = next(record for record in records if record["announced"]["event"] == "connection-live")
    assert (live["endpointId"], live["primaryDnsName"]) == (scene.endpoint_id, scene.primary_dns_name())
