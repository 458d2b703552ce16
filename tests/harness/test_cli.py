"""Commands as text do what a shell with the AWS CLI would do, and nothing else."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.aws import EmbeddedAws, Vpc
from tests.harness import cli
from tests.harness.world import a_record, txt

NAME = "platform.example.com"
ODD = """it's "$HOME" `id` \\ ; # * $ZONE_ID"""


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def aws(server: EmbeddedAws) -> EmbeddedAws:
    server.reset()
    return server


@pytest.fixture
def vpc(aws: EmbeddedAws) -> Vpc:
    return aws.make_vpc()


def quoted(text: str) -> str:
    """One word for a shell, as the function writes it."""
    return "'" + text.replace("'", "'\\''") + "'"


def batch(*changes: tuple[str, dict[str, Any]]) -> str:
    """A --change-batch as one word."""
    listed = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
    return quoted(json.dumps({"Comment": "it's undone", "Changes": listed}))


def sets(aws: EmbeddedAws, zone_id: str) -> list[dict[str, Any]]:
    return [record for record in aws.records(zone_id) if record["Type"] not in ("NS", "SOA")]


def test_a_zone_loses_its_records_and_goes(aws: EmbeddedAws, vpc: Vpc) -> None:
    kept = aws.make_zone("other.example.com", vpc)
    zone_id = aws.make_zone(NAME, vpc)
    records = a_record(NAME, "192.0.2.7"), txt(f"_tdp-privatelink.{NAME}", "it's ours")
    aws.put_records(zone_id, *records)
    deletes = batch(*[("DELETE", record) for record in records])
    commands = [
        "# aws route53 delete-hosted-zone --id $(everything)",
        f"aws route53 change-resource-record-sets --hosted-zone-id {zone_id} --change-batch {deletes}",
        f"aws route53 delete-hosted-zone --id {zone_id}",
    ]
    cli.run(aws, commands)
    assert [zone["id"] for zone in aws.zones()] == [kept]


def test_a_zone_is_made_again_and_filled(aws: EmbeddedAws, vpc: Vpc) -> None:
    config = '{"Comment":"heritage=x,x/owner=y","PrivateZone":true}'
    record = a_record(f"{NAME}.", "192.0.2.7")
    creates = batch(("CREATE", record))
    commands = [
        f"ZONE_ID=$(aws route53 create-hosted-zone --name {NAME} --vpc VPCRegion={aws.region},VPCId={vpc.id} "
        f"--caller-reference undo-1 --hosted-zone-config '{config}' --query HostedZone.Id --output text)",
        f'aws route53 change-resource-record-sets --hosted-zone-id "$ZONE_ID" --change-batch {creates}',
    ]
    cli.run(aws, commands)
    [zone] = aws.zones(vpc)
    assert (zone["name"], zone["private"], zone["comment"]) == (NAME, True, "heritage=x,x/owner=y")
    assert sets(aws, zone["id"]) == [record]


def test_a_vpc_leaves_a_zone(aws: EmbeddedAws, vpc: Vpc) -> None:
    other = aws.make_vpc("10.1.0.0/16")
    zone_id = aws.make_zone(NAME, vpc)
    where = f"VPCRegion={aws.region},VPCId={other.id}"
    cli.run(aws, [f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone_id} --vpc {where}"])
    assert aws.zones()[0]["vpcs"] == [vpc.id, other.id]
    cli.run(aws, [f"aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {zone_id} --vpc {where}"])
    assert aws.zones()[0]["vpcs"] == [vpc.id]


def test_the_first_error_ends_it(aws: EmbeddedAws, vpc: Vpc) -> None:
    """Somebody has changed the record since: Route 53 refuses the batch, and nothing after it runs."""
    zone_id = aws.make_zone(NAME, vpc)
    aws.put_records(zone_id, a_record(NAME, "192.0.2.8"))
    deletes = batch(("DELETE", a_record(NAME, "192.0.2.7")))
    commands = [
        f"aws route53 change-resource-record-sets --hosted-zone-id {zone_id} --change-batch {deletes}",
        f"aws route53 update-hosted-zone-comment --id {zone_id} --comment undone",
    ]
    with pytest.raises(ClientError, match="InvalidChangeBatch"):
        cli.run(aws, commands)
    assert aws.zones()[0]["comment"] == ""
    assert sets(aws, zone_id) == [a_record(f"{NAME}.", "192.0.2.8")]


def test_another_account_acts_as_itself(aws: EmbeddedAws, vpc: Vpc, monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[Any] = []
    of_owner = aws.client("route53")
    monkeypatch.setattr(aws, "client", lambda name, **settings: clients.append((name, settings)) or of_owner)
    zone_id = aws.make_zone(NAME, vpc)
    cli.run(aws, [f"aws route53 delete-hosted-zone --id {zone_id}"], account="210987654321")
    assert clients == [("route53", {"account": "210987654321"})]


@pytest.mark.parametrize("text", ["plain", "", ODD, "'", "''", "a'b'", "two\nlines", "VPCRegion=a,VPCId=b"])
def test_a_word_is_what_a_shell_makes_of_it(text: str) -> None:
    line = f'aws {quoted(text)} plain{quoted(text)}"$ZONE_ID" last'
    shell = subprocess.run(
        ["sh", "-c", f"ZONE_ID='Z 1'; printf '%s\\0' {line}"], capture_output=True, text=True, check=True
    )
    assert (
        cli._words(line, {"ZONE_ID": "Z 1"})
        == shell.stdout.split("\0")[:-1]
        == ["aws", text, f"plain{text}Z 1", "last"]
    )


DELETE = "aws route53 delete-hosted-zone"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "rm -rf x",
        "aws",
        "aws route53",
        "aws s3 ls",
        "aws route53 delete-everything --id Z1",
        "aws route53 DeleteHostedZone --id Z1",
        f"{DELETE} --zone Z1",
        f"{DELETE} --id",
        f"{DELETE} Z1",
        f"{DELETE} --id Z1 --id Z2",
        f"{DELETE} --id=Z1",
        f"{DELETE} --id Z1 --output text",
        f"{DELETE} --id Z1 # a comment",
        f"{DELETE} --id Z1; id",
        f"{DELETE} --id Z1 | cat",
        f"{DELETE} --id $ZONE_ID",
        f"{DELETE} --id '$ZONE_ID",
        f'{DELETE} --id "$ZONE_ID"',
        f'{DELETE} --id "Z1"',
        f"{DELETE} --id `id`",
        f"{DELETE} --id $(id)",
        f"{DELETE} --id *",
        f"{DELETE} --id ~",
        f"{DELETE}\t--id Z1",
        f"ZONE_ID=$({DELETE} --id Z1)",
        f"ZONE_ID=$({DELETE} --id Z1 --query ChangeInfo.Id)",
        f"ZONE_ID=$({DELETE} --id Z1 --query ChangeInfo.Id --output json)",
        "aws route53 update-hosted-zone-comment --id Z1 --comment file:///etc/hostname",
        "aws route53 create-hosted-zone --name x.com --caller-reference r --vpc VPCId",
        "aws route53 create-hosted-zone --name x.com --caller-reference r --vpc VpcId=vpc-1",
        "aws route53 create-hosted-zone --name x.com --caller-reference r --hosted-zone-config PrivateZone=yes",
        "aws route53 create-hosted-zone --name x.com --caller-reference r --hosted-zone-config Comment=a,b",
    ],
)
def test_anything_else_is_refused(aws: EmbeddedAws, line: str) -> None:
    with pytest.raises(cli.UnknownCommand):
        cli.run(aws, [line])


def test_what_the_service_does_not_know_is_refused(aws: EmbeddedAws) -> None:
    for batch_text in ('{"Comment":"no changes"}', '{"Changes":[],"Change":[]}'):
        with pytest.raises(ParamValidationError):
            cli.run(aws, [f"aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{batch_text}'"])


def test_a_variable_takes_a_text_only(aws: EmbeddedAws, vpc: Vpc) -> None:
    zone_id = aws.make_zone(NAME, vpc)
    command = f"aws route53 get-hosted-zone --id {zone_id} --output text --query"
    for query in ("HostedZone.Config", "HostedZone.Nothing"):
        with pytest.raises(cli.UnknownCommand, match="has no text"):
            cli.run(aws, [f"ZONE=$({command} {query})"])
