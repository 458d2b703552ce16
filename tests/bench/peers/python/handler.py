"""The basic job as one would write it with boto3: private DNS for hosts that an interface endpoint serves."""

import os
import uuid
from typing import Any

import boto3

ec2 = boto3.client("ec2")
route53 = boto3.client("route53")
sns = boto3.client("sns")

SERVICE_NAME = os.environ["TDP_SERVICE_NAME"]
TOPIC_ARN = os.environ["TOPIC_ARN"]
REGION = os.environ["AWS_REGION"]
HOSTS = os.environ["HOSTS"].split(",")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    endpoint = available_endpoint()
    if endpoint is None:
        return {"outcome": "waiting"}
    zones = zones_of(endpoint["VpcId"])
    changed = [host for host in HOSTS if write(host, endpoint, zones)]
    if changed:
        sns.publish(TopicArn=TOPIC_ARN, Subject="Private DNS changed", Message="\n".join(changed))
    return {"outcome": "changed" if changed else "in-sync", "changed": changed}


def available_endpoint() -> dict[str, Any] | None:
    filters = [{"Name": "service-name", "Values": [SERVICE_NAME]}]
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=filters)
    endpoints = [endpoint for page in pages for endpoint in page["VpcEndpoints"]]
    return next((endpoint for endpoint in endpoints if endpoint["State"] == "available"), None)


def zones_of(vpc_id: str) -> dict[str, str]:
    """The ids of the private zones that the VPC sees, by name."""
    zones: dict[str, str] = {}
    more: dict[str, str] = {}
    while True:
        page = route53.list_hosted_zones_by_vpc(VPCId=vpc_id, VPCRegion=REGION, **more)
        zones |= {zone["Name"]: zone["HostedZoneId"] for zone in page["HostedZoneSummaries"]}
        if "NextToken" not in page:
            return zones
        more = {"NextToken": page["NextToken"]}


def write(host: str, endpoint: dict[str, Any], zones: dict[str, str]) -> bool:
    """A zone of the host's name with an alias to the endpoint; whether anything was to be done."""
    name = f"{host}."
    entry = endpoint["DnsEntries"][0]
    target = {
        "DNSName": f"{entry['DnsName']}.",
        "HostedZoneId": entry["HostedZoneId"],
        "EvaluateTargetHealth": False,
    }
    record = {"Name": name, "Type": "A", "AliasTarget": target}
    if name not in zones:
        zones[name] = create_zone(name, endpoint["VpcId"])
    elif record in route53.list_resource_record_sets(HostedZoneId=zones[name])["ResourceRecordSets"]:
        return False
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    answer = route53.change_resource_record_sets(HostedZoneId=zones[name], ChangeBatch={"Changes": [change]})
    waiter = route53.get_waiter("resource_record_sets_changed")
    waiter.wait(Id=answer["ChangeInfo"]["Id"], WaiterConfig={"Delay": 2, "MaxAttempts": 60})
    return True


def create_zone(name: str, vpc_id: str) -> str:
    answer = route53.create_hosted_zone(
        Name=name,
        CallerReference=str(uuid.uuid4()),
        VPC={"VPCRegion": REGION, "VPCId": vpc_id},
        HostedZoneConfig={"Comment": "PrivateLink", "PrivateZone": True},
    )
    return answer["HostedZone"]["Id"]
