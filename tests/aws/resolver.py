"""Route 53 Resolver: the forwarding rules and the endpoints of the account.

Answered here and not by moto, whose endpoints have IPv4 addresses of the VPC only, and whose rules belong to the
account alone. https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53_Resolver.html
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from tests.aws import names
from tests.aws.errors import AwsError
from tests.aws.pages import Paging
from tests.aws.partitions import partition

Params = dict[str, Any]
Result = dict[str, Any]
Shown = dict[str, Any]

PAGING = Paging("InvalidParameterException", "InvalidNextTokenException")
OTHER_ACCOUNT = "210987654321"
OUTBOUND = "rslvr-out-0123456789abcdef0"
KINDS = ("FORWARD", "SYSTEM", "RECURSIVE", "DELEGATE")
SHARES = ("NOT_SHARED", "SHARED_BY_ME", "SHARED_WITH_ME")
DIRECTIONS = {"INBOUND": "in", "OUTBOUND": "out", "INBOUND_DELEGATION": "in"}
# The rule that sends everything else to the internet's DNS is in every account, on every VPC:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html
INTERNET = "rslvr-autodefined-rr-internet-resolver"
RULE_FILTERS = {
    "CREATORREQUESTID": "CreatorRequestId",
    "DOMAINNAME": "DomainName",
    "NAME": "Name",
    "RESOLVERENDPOINTID": "ResolverEndpointId",
    "STATUS": "Status",
    "TYPE": "RuleType",
}
ASSOCIATION_FILTERS = {
    "NAME": "Name",
    "RESOLVERRULEID": "ResolverRuleId",
    "STATUS": "Status",
    "VPCID": "VPCId",
}
ENDPOINT_FILTERS = {
    "CREATORREQUESTID": "CreatorRequestId",
    "DIRECTION": "Direction",
    "HOSTVPCID": "HostVPCId",
    "IPADDRESSCOUNT": "IpAddressCount",
    "NAME": "Name",
    "SECURITYGROUPIDS": "SecurityGroupIds",
    "STATUS": "Status",
}


class Resolver:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, region: str, account: str, vpc_ids: Callable[[], list[str]]) -> None:
        self.page_size: int | None = None
        self._account = account
        self._arn = f"arn:{partition(region)}:route53resolver:{region}:"
        self._vpc_ids = vpc_ids
        self._rules: dict[str, Shown] = {INTERNET: _internet_rule(region)}
        self._associations: list[Shown] = []
        self._endpoints: dict[str, Shown] = {}
        self._addresses: dict[str, list[Shown]] = {}

    def add_rule(self, domain: str, targets: Iterable[str], kind: str, share: str, name: str) -> str:
        if kind not in KINDS or share not in SHARES:
            raise ValueError(f"unknown kind or share of a rule: {kind}, {share}")
        rule_id = f"rslvr-rr-{secrets.token_hex(8)}"
        owner = OTHER_ACCOUNT if share == "SHARED_WITH_ME" else self._account
        rule = {
            "Id": rule_id,
            "CreatorRequestId": f"request {rule_id}",
            "Arn": f"{self._arn}{owner}:resolver-rule/{rule_id}",
            "DomainName": names.canonical(domain),
            "Status": "COMPLETE",
            "StatusMessage": "Successfully created Resolver Rule",
            "RuleType": kind,
            "Name": name,
            "OwnerId": owner,
            "ShareStatus": share,
            **_times(),
        }
        if kind == "FORWARD":
            rule |= {"TargetIps": [_target(one) for one in targets], "ResolverEndpointId": OUTBOUND}
        self._rules[rule_id] = rule
        return rule_id

    def associate(self, rule_id: str, vpc_id: str) -> None:
        association = {"Id": f"rslvr-rrassoc-{secrets.token_hex(8)}", "ResolverRuleId": rule_id, "VPCId": vpc_id}
        self._associations.append(association | {"Name": self._rules[rule_id]["Name"], "Status": "COMPLETE"})

    def add_endpoint(self, vpc_id: str, subnet_ids: list[str], ips: tuple[str, ...], direction: str) -> str:
        """An endpoint with any addresses whatever: the servers that stand for it listen where they can."""
        endpoint_id = f"rslvr-{DIRECTIONS[direction]}-{secrets.token_hex(8)}"
        versions = {ipaddress.ip_address(ip).version for ip in ips}
        self._endpoints[endpoint_id] = {
            "Id": endpoint_id,
            "CreatorRequestId": f"request {endpoint_id}",
            "Arn": f"{self._arn}{self._account}:resolver-endpoint/{endpoint_id}",
            "Name": direction.lower(),
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
            "Direction": direction,
            "IpAddressCount": len(ips),
            "HostVPCId": vpc_id,
            "Status": "OPERATIONAL",
            "StatusMessage": "This Resolver Endpoint is operational.",
            "ResolverEndpointType": {(4,): "IPV4", (6,): "IPV6"}.get(tuple(versions), "DUALSTACK"),
            "Protocols": ["Do53"],
            **_times(),
        }
        self._addresses[endpoint_id] = [
            {
                "IpId": f"rni-{secrets.token_hex(8)}",
                "SubnetId": subnet_ids[index % len(subnet_ids)],
                ("Ipv6" if ":" in ip else "Ip"): ip,
                "Status": "ATTACHED",
                "StatusMessage": "This IP address is operational.",
                **_times(),
            }
            for index, ip in enumerate(ips)
        ]
        return endpoint_id

    def list_resolver_rules(self, params: Params, set_up: bool) -> Result:
        return self._page("ResolverRules", _chosen(self._rules.values(), params, RULE_FILTERS), params, set_up)

    def list_resolver_rule_associations(self, params: Params, set_up: bool) -> Result:
        everywhere = [_internet_association(vpc_id) for vpc_id in self._vpc_ids()]
        found = _chosen([*everywhere, *self._associations], params, ASSOCIATION_FILTERS)
        return self._page("ResolverRuleAssociations", found, params, set_up)

    def list_resolver_endpoints(self, params: Params, set_up: bool) -> Result:
        found = _chosen(self._endpoints.values(), params, ENDPOINT_FILTERS)
        return self._page("ResolverEndpoints", found, params, set_up)

    def list_resolver_endpoint_ip_addresses(self, params: Params, set_up: bool) -> Result:
        endpoint_id = params["ResolverEndpointId"]
        if endpoint_id not in self._addresses:
            message = f"[RSLVR-00502] Resolver endpoint with ID '{endpoint_id}' does not exist."
            raise AwsError("ResourceNotFoundException", message)
        return self._page("IpAddresses", self._addresses[endpoint_id], params, set_up)

    def _page(self, key: str, found: list[Shown], params: Params, set_up: bool) -> Result:
        page, following = PAGING.cut(found, params, None if set_up else self.page_size)
        return {key: page, "MaxResults": params.get("MaxResults", PAGING.most), **following}


def _chosen(items: Iterable[Shown], params: Params, filters: dict[str, str]) -> list[Shown]:
    """Values of one filter are alternatives. Names come in two styles, `VPCId` and `VPC_ID`.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_Filter.html
    """
    found = list(items)
    for wanted in params.get("Filters", []):
        key = filters.get(wanted["Name"].replace("_", "").upper())
        if key is None:
            raise AwsError("InvalidParameterException", f"The filter '{wanted['Name']}' is invalid")
        values = set(wanted["Values"])
        found = [item for item in found if not values.isdisjoint(_values(item.get(key)))]
    return found


def _values(value: Any) -> set[str]:
    return set(value) if isinstance(value, list) else {str(value)}


def _target(text: str) -> Shown:
    """An address, or `address:port`, with an IPv6 address in brackets then."""
    try:
        address, port = ipaddress.ip_address(text), "53"
    except ValueError:
        host, port = text.rsplit(":", 1)
        address = ipaddress.ip_address(host.strip("[]"))
    return {"Ip" if address.version == 4 else "Ipv6": str(address), "Port": int(port), "Protocol": "Do53"}


def _times() -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"CreationTime": now, "ModificationTime": now}


def _internet_rule(region: str) -> Shown:
    return {
        "Id": INTERNET,
        "CreatorRequestId": "",
        "Arn": f"arn:{partition(region)}:route53resolver:{region}::autodefined-rule/{INTERNET}",
        "DomainName": ".",
        "Status": "COMPLETE",
        "StatusMessage": "",
        "RuleType": "RECURSIVE",
        "Name": "Internet Resolver",
        "OwnerId": "Route 53 Resolver",
        "ShareStatus": "NOT_SHARED",
    }


def _internet_association(vpc_id: str) -> Shown:
    return {
        "Id": f"rslvr-autodefined-assoc-{vpc_id}-internet-resolver",
        "ResolverRuleId": INTERNET,
        "Name": "System Rule Association",
        "VPCId": vpc_id,
        "Status": "COMPLETE",
        "StatusMessage": "",
    }
