"""AWS's own endpoint services: which hosts private DNS answers for, and whose endpoint names are wildcards.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from tests.aws.partitions import CHINA, dns_suffix, is_partner_service

# The hosts of a service, where they are not its name turned round.
# ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
# S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html#private-dns-s3
# IoT has none, private DNS is off for it: https://docs.aws.amazon.com/iot/latest/developerguide/IoTCore-VPC.html
# Those of the ECS agent are our choice: AWS documents patterns (`ecs-a-*`) that DNS has no wildcard for.
HOSTS = {
    "ecr.dkr": ("*.dkr.ecr",),
    "ecs-agent": ("ecs-a",),
    "ecs-telemetry": ("ecs-t",),
    "iot.credentials": (),
    "iot.data": (),
    "s3": ("s3", "*.s3"),
}


def short_name(service_name: str) -> str:
    """`ecr.api` of `com.amazonaws.us-east-1.ecr.api`."""
    return service_name.removeprefix(CHINA).removeprefix("com.amazonaws.").split(".", 1)[1]


def private_names(service_name: str, region: str) -> tuple[str, ...]:
    """The public hosts of a service, which private DNS answers inside the VPC; a partner's are not AWS's to know."""
    if is_partner_service(service_name):
        return ()
    service = short_name(service_name)
    hosts = HOSTS.get(service, (".".join(reversed(service.split("."))),))
    return tuple(f"{host}.{region}.{dns_suffix(region)}" for host in hosts)


def has_wildcard_names(service_name: str) -> bool:
    """S3's endpoints are listed as `*.vpce-…`, since a bucket, `bucket` or `accesspoint` goes before their name."""
    return not is_partner_service(service_name) and short_name(service_name) == "s3"
