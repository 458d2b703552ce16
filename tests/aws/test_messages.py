"""SNS and Parameter Store refuse what AWS refuses."""

import json
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Message
from tests.aws.conftest import Client, Refused


@pytest.fixture
def topic(aws: EmbeddedAws) -> str:
    return aws.make_topic("news")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Subject": "x" * 101},
        {"Subject": "two\nlines"},
        {"Subject": "café"},
        {"Subject": ""},
        {"Message": ""},
        {"Message": "é" * 131073},
        {"MessageStructure": "json", "Message": "no json"},
        {"MessageStructure": "json", "Message": '{"email": "x"}'},
    ],
)
def test_sns_refuses_a_publish(
    aws: EmbeddedAws, client: Client, topic: str, refused: Refused, wrong: dict[str, str]
) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    params = {"TopicArn": topic, "Message": "x"} | wrong
    assert refused(client("sns").publish, **params)[::2] == ("InvalidParameter", 400)
    assert aws.messages() == []


def test_messages_show_what_was_published(aws: EmbeddedAws, client: Client, topic: str) -> None:
    other = aws.make_topic("other")
    body = json.dumps({"default": "d", "email": "e"})
    attributes = {"outcome": {"DataType": "String", "StringValue": "changed"}}
    client("sns").publish(
        TopicArn=topic, Subject="x" * 100, Message=body, MessageStructure="json", MessageAttributes=attributes
    )
    client("sns").publish(TopicArn=other, Message="plain")
    assert aws.messages(topic) == [Message(topic, "x" * 100, body, "json", {"outcome": "changed"})]
    assert aws.messages()[1] == Message(other, None, "plain", None, {})


def test_a_topic_that_does_not_exist_takes_nothing(
    aws: EmbeddedAws, client: Client, topic: str, refused: Refused
) -> None:
    assert refused(client("sns").publish, TopicArn=topic + "x", Message="x")[::2] == ("NotFound", 404)
    assert aws.messages() == []


def test_a_subscribed_queue_receives_the_message(aws: EmbeddedAws, client: Client, topic: str) -> None:
    queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:q"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="hello")
    received = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    assert json.loads(received["Body"])["Message"] == "hello"


def test_a_standard_parameter_holds_4_kb(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""
    put = client("ssm").put_parameter
    wanted = {"Name": "/tdp/x", "Type": "String"}
    for value in ("x" * 4097, "é" * 2049):
        assert refused(put, **wanted, Value=value)[::2] == ("ValidationException", 400)
    put(**wanted, Value="x" * 4096)
    put(**wanted, Value="x" * 4097, Tier="Advanced", Overwrite=True)
    assert len(aws.parameters()["/tdp/x"]) == 4097


def test_overwriting_needs_permission_and_keeps_the_history(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""
    ssm = client("ssm")
    ssm.put_parameter(Name="/tdp/x", Value="one", Type="String")
    assert refused(ssm.put_parameter, Name="/tdp/x", Value="two", Type="String")[0] == "ParameterAlreadyExists"
    assert ssm.put_parameter(Name="/tdp/x", Value="two", Type="String", Overwrite=True)["Version"] == 2
    history = ssm.get_parameter_history(Name="/tdp/x")["Parameters"]
    assert [(one["Version"], one["Value"]) for one in history] == [(1, "one"), (2, "two")]
    assert ssm.get_parameter(Name="/tdp/x")["Parameter"]["Value"] == aws.parameters()["/tdp/x"] == "two"


@pytest.mark.parametrize(("page_size", "largest"), [(None, 10), (3, 3)])
def test_parameters_by_path_come_in_pages(
    aws: EmbeddedAws, client: Client, page_size: int | None, largest: int
) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html"""
    for n in range(11):
        client("ssm").put_parameter(Name=f"/tdp/{n}", Value="v", Type="String")
    aws.page_size = page_size
    sizes: list[int] = []
    names: set[str] = set()
    token: dict[str, Any] = {}
    while True:
        page = client("ssm").get_parameters_by_path(Path="/tdp", **token)
        sizes.append(len(page["Parameters"]))
        names.update(one["Name"] for one in page["Parameters"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert max(sizes) == largest and sum(sizes) == len(names) == 11
