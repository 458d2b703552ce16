"""What differs between the partitions of AWS, commercial, China and GovCloud: names, domains, ARNs.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

PARTNER = "vpce-svc-0a1b2c3d4e5f60718"
CHINA = "cn."
# In China the endpoint services of these have a name with `cn.` before it, of those that a component of TDP may need;
# the others do not. https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts
CHINESE = ("ecr.api", "ecr.dkr", "monitoring", "s3", "sqs", "sts")
# Regional and zonal names of all endpoints in a Region share one hosted zone; these are real ones, and others are made
# up. https://github.com/kubernetes-sigs/external-dns/pull/3433
ENDPOINT_ZONES = {
    "eu-central-1": "Z273ZU8SZ5RJPC",
    "eu-west-1": "Z38GZ743OKFT7T",
    "us-east-1": "Z7HUB22UULQXV",
    "us-gov-west-1": "Z12529ZODG2B6H",
    "us-west-2": "Z1YSA3EXCYUU9Z",
}


def partition(region: str) -> str:
    """The second part of an ARN."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """The domain of AWS. https://docs.amazonaws.cn/en_us/general/latest/gr/endpoints-arns.html"""
    return "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"


def endpoint_zone(region: str) -> str:
    """The id of the hosted zone that a Region's endpoint names live in."""
    return ENDPOINT_ZONES.get(region, f"Z1{region.upper().replace('-', '')}VPCE")


def service_name(region: str = "us-east-1") -> str:
    """The name of TDP's endpoint service in a Region; China's begin with `cn.`, as those of its partners do."""
    name = f"com.amazonaws.vpce.{region}.{PARTNER}"
    return CHINA + name if partition(region) == "aws-cn" else name


def aws_service_name(region: str, service: str, kind: str = "Interface") -> str:
    """The name of AWS's own endpoint service. In China, S3's gateway and S3's interface have different ones."""
    name = f"com.amazonaws.{region}.{service}"
    chinese = partition(region) == "aws-cn" and service in CHINESE and kind == "Interface"
    return CHINA + name if chinese else name


def is_partner_service(service_name: str) -> bool:
    """Whether an endpoint service, whose owner accepts connections, and not AWS itself stands behind a name."""
    return ".vpce-svc-" in service_name


def service_domain(service_name: str, region: str) -> str:
    """The domain that a service's endpoint names end in: `vpce-svc-….<region>.vpce.amazonaws.com`."""
    parts = service_name.removeprefix(CHINA).removeprefix("com.amazonaws.").split(".")
    if is_partner_service(service_name):
        return f"{parts[2]}.{parts[1]}.vpce.{dns_suffix(parts[1])}"
    return f"{'.'.join(reversed(parts[1:]))}.{region}.vpce.{dns_suffix(region)}"
