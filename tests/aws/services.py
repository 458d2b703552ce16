"""Endpoint services as a consumer account sees them: TDP's, which a test sets up, and a few of AWS itself.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html
"""

from dataclasses import dataclass, field
from typing import Any

from moto.ec2.models import EC2Backend

from tests.aws import filters
from tests.aws.aws_services import private_names
from tests.aws.errors import AwsError
from tests.aws.pages import Paging
from tests.aws.partitions import aws_service_name, service_domain, service_name

Params = dict[str, Any]
Result = dict[str, Any]

PAGING = Paging("InvalidParameterValue", "InvalidNextToken", most=1000)
PROVIDER = "210987654321"
# Name and type of services that every account sees.
AWS_SERVICES = (("s3", "Gateway"), ("sqs", "Interface"), ("sts", "Interface"))
FILTERS = {
    "owner": lambda shown: [shown["Owner"]],
    "service-name": lambda shown: [shown["ServiceName"]],
    "service-region": lambda shown: [shown["ServiceRegion"]],
    "service-type": lambda shown: [kind["ServiceType"] for kind in shown["ServiceType"]],
    "supported-ip-address-types": lambda shown: shown["SupportedIpAddressTypes"],
}


@dataclass(frozen=True)
class Service:
    """TDP's service. A service lies in the provider's zones, which only their ids name for everybody."""

    az_ids: list[str] = field(default_factory=list)
    private_dns_name: str | None = None
    verified: bool = True
    visible: bool = True
    shows_az_ids: bool = True


class EndpointServices:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, region: str, ec2: EC2Backend) -> None:
        self.page_size: int | None = None
        self._region = region
        self._zones = {zone.zone_id: zone.name for zone in ec2.describe_availability_zones()}
        self._service = Service(self.usual_zones())

    def usual_zones(self) -> list[str]:
        """The ids of the three zones that a test's VPC has subnets in."""
        return list(self._zones)[:3]

    def set(self, service: Service) -> None:
        if strange := [one for one in service.az_ids if one not in self._zones]:
            raise ValueError(f"no such zone in {self._region}: {', '.join(strange)}")
        self._service = service

    def describe_vpc_endpoint_services(self, params: Params, set_up: bool) -> Result:
        found = {shown["ServiceName"]: shown for shown in self._visible()}
        if names := params.get("ServiceNames"):
            for name in names:
                if name not in found:
                    raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
            found = {name: found[name] for name in names}
        details = [shown for _, shown in sorted(found.items())]
        for wanted in filters.chosen(params):
            if wanted["Name"] not in FILTERS:
                raise filters.unknown(wanted["Name"])
            values, fit = FILTERS[wanted["Name"]], filters.fits(wanted.get("Values", []))
            details = [shown for shown in details if fit(values(shown))]
        page, following = PAGING.cut(details, params, None if set_up else self.page_size)
        return {"ServiceNames": [shown["ServiceName"] for shown in page], "ServiceDetails": page, **following}

    def _visible(self) -> list[dict[str, Any]]:
        shown = [self._of_aws(name, kind) for name, kind in AWS_SERVICES]
        return [*shown, self._of_tdp()] if self._service.visible else shown

    def _of_aws(self, name: str, kind: str) -> dict[str, Any]:
        service = aws_service_name(self._region, name, kind)
        shown = {
            "ServiceName": service,
            "ServiceId": f"vpce-svc-{name.encode().hex():0>17}",
            "ServiceType": [{"ServiceType": kind}],
            "ServiceRegion": self._region,
            "AvailabilityZones": list(self._zones.values()),
            "AvailabilityZoneIds": list(self._zones),
            "Owner": "amazon",
            "BaseEndpointDnsNames": [service_domain(service, self._region)],
            "VpcEndpointPolicySupported": True,
            "AcceptanceRequired": False,
            "ManagesVpcEndpoints": False,
            "SupportedIpAddressTypes": ["ipv4"],
        }
        return shown | (_private_dns(private_names(service, self._region), True) if kind == "Interface" else {})

    def _of_tdp(self) -> dict[str, Any]:
        service, name = self._service, service_name(self._region)
        shown = {
            "ServiceName": name,
            "ServiceId": name.rsplit(".", 1)[-1],
            "ServiceType": [{"ServiceType": "Interface"}],
            "ServiceRegion": self._region,
            "AvailabilityZones": sorted(self._zones[one] for one in service.az_ids),
            "Owner": PROVIDER,
            "BaseEndpointDnsNames": [service_domain(name, self._region)],
            "VpcEndpointPolicySupported": False,
            "AcceptanceRequired": True,
            "ManagesVpcEndpoints": False,
            "SupportedIpAddressTypes": ["ipv4"],
            "Tags": [],
        }
        if service.shows_az_ids:
            shown["AvailabilityZoneIds"] = service.az_ids
        if service.private_dns_name:
            shown |= _private_dns((service.private_dns_name,), service.verified)
        return shown


def _private_dns(hosts: tuple[str, ...], verified: bool) -> dict[str, Any]:
    return {
        "PrivateDnsName": hosts[0],
        "PrivateDnsNames": [{"PrivateDnsName": host} for host in hosts],
        "PrivateDnsNameVerificationState": "verified" if verified else "pendingVerification",
    }
