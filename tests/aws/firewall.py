"""Route 53 Resolver DNS Firewall, which moto does not have: rule groups, rules and domain lists.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall.html
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.aws.errors import AwsError
from tests.aws.pages import Paging
from tests.aws.partitions import partition

Params = dict[str, Any]
Result = dict[str, Any]
Shown = dict[str, Any]

PAGING = Paging("ValidationException", "ValidationException")
DOMAINS = Paging("ValidationException", "ValidationException", most=5000, usual=100)
ACTIONS = ("ALLOW", "BLOCK", "ALERT")
FIRST_PRIORITY = 101
# The lists that AWS keeps, in every account; nobody sees what is in them:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html
MANAGER = "Route 53 Resolver DNS Firewall"
MANAGED = {
    "rslvr-fdl-0a1b2c3d4e5f6071": "AWSManagedDomainsAggregateThreatList",
    "rslvr-fdl-0a1b2c3d4e5f6072": "AWSManagedDomainsBotnetCommandandControl",
    "rslvr-fdl-0a1b2c3d4e5f6073": "AWSManagedDomainsMalwareDomainList",
}


@dataclass(frozen=True)
class Rule:
    """What a test asks for: a rule over a list of domains, over AWS's list, or an advanced one without a list."""

    domains: tuple[str, ...]
    action: str
    qtype: str | None
    managed: bool
    advanced: bool
    name: str

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}; known: {', '.join(ACTIONS)}")
        if self.domains and (self.managed or self.advanced) or (self.managed and self.advanced):
            raise ValueError("a rule is over domains, over AWS's managed list, or advanced")


class Firewall:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, region: str, account: str) -> None:
        self.page_size: int | None = None
        self._account = account
        self._arn = f"arn:{partition(region)}:route53resolver:{region}:{account}:"
        self._groups: dict[str, Shown] = {}
        self._rules: dict[str, list[Shown]] = {}
        self._associations: list[Shown] = []
        self._domains: dict[str, list[str]] = {list_id: [] for list_id in MANAGED}
        self._lists = {list_id: self._list(list_id, name, MANAGER) for list_id, name in MANAGED.items()}

    def add_group(self, name: str) -> str:
        group_id = f"rslvr-frg-{secrets.token_hex(8)}"
        self._groups[group_id] = {
            "Id": group_id,
            "Arn": f"{self._arn}firewall-rule-group/{group_id}",
            "Name": name,
            "OwnerId": self._account,
            "CreatorRequestId": f"request {group_id}",
            "ShareStatus": "NOT_SHARED",
        }
        self._rules[group_id] = []
        return group_id

    def add_rule(self, group_id: str, rule: Rule, priority: int | None) -> None:
        shown: Shown = {
            "FirewallRuleGroupId": group_id,
            "Name": rule.name,
            "Priority": priority or FIRST_PRIORITY + len(self._rules[group_id]),
            "Action": rule.action,
            "CreatorRequestId": f"request {rule.name}",
            **_times(),
        }
        if rule.action == "BLOCK":
            shown["BlockResponse"] = "NXDOMAIN"
        if rule.qtype:
            shown["Qtype"] = rule.qtype
        if rule.advanced:
            shown["FirewallThreatProtectionId"] = f"rslvr-ftp-{secrets.token_hex(8)}"
            shown |= {"DnsThreatProtection": "DGA", "ConfidenceThreshold": "HIGH"}
        else:
            list_id = next(iter(MANAGED)) if rule.managed else self._add_list(rule.name, rule.domains)
            shown |= {
                "FirewallDomainListId": list_id,
                "FirewallDomainRedirectionAction": "INSPECT_REDIRECTION_DOMAIN",
            }
        self._rules[group_id].append(shown)

    def associate(self, group_id: str, vpc_id: str, priority: int | None) -> None:
        """The groups of a VPC have priorities of their own, each another one."""
        taken = {kept["Priority"] for kept in self._associations if kept["VpcId"] == vpc_id}
        if priority in taken:
            raise ValueError(f"{vpc_id} has a rule group of priority {priority}")
        association_id = f"rslvr-frgassoc-{secrets.token_hex(8)}"
        self._associations.append(
            {
                "Id": association_id,
                "Arn": f"{self._arn}firewall-rule-group-association/{association_id}",
                "FirewallRuleGroupId": group_id,
                "VpcId": vpc_id,
                "Name": self._groups[group_id]["Name"],
                "Priority": priority or max(taken, default=FIRST_PRIORITY - 1) + 1,
                "MutationProtection": "DISABLED",
                "Status": "COMPLETE",
                "StatusMessage": "",
                "CreatorRequestId": f"request {association_id}",
                **_times(),
            }
        )

    def list_firewall_rule_group_associations(self, params: Params, set_up: bool) -> Result:
        keys = ("FirewallRuleGroupId", "VpcId", "Priority", "Status")
        found = _chosen(self._associations, params, keys)
        return self._page("FirewallRuleGroupAssociations", found, params, set_up)

    def list_firewall_rule_groups(self, params: Params, set_up: bool) -> Result:
        return self._page("FirewallRuleGroups", list(self._groups.values()), params, set_up)

    def list_firewall_rules(self, params: Params, set_up: bool) -> Result:
        _refuse_unknown(params["FirewallRuleGroupId"], self._rules)
        rules = _chosen(self._rules[params["FirewallRuleGroupId"]], params, ("Priority", "Action"))
        return self._page("FirewallRules", rules, params, set_up)

    def list_firewall_domain_lists(self, params: Params, set_up: bool) -> Result:
        keys = ("Id", "Arn", "Name", "CreatorRequestId", "ManagedOwnerName", "ManagedListType")
        found = [{key: kept[key] for key in keys if key in kept} for kept in self._lists.values()]
        return self._page("FirewallDomainLists", found, params, set_up)

    def get_firewall_domain_list(self, params: Params, set_up: bool) -> Result:
        list_id = params["FirewallDomainListId"]
        _refuse_unknown(list_id, self._lists)
        return {"FirewallDomainList": self._lists[list_id] | {"DomainCount": len(self._domains[list_id])}}

    def list_firewall_domains(self, params: Params, set_up: bool) -> Result:
        """Those of a managed list cannot be seen; that the answer is this code is a guess."""
        list_id = params["FirewallDomainListId"]
        _refuse_unknown(list_id, self._domains)
        if list_id in MANAGED:
            message = f"[RSLVR-02001] The domains of the managed list '{list_id}' can't be listed."
            raise AwsError("AccessDeniedException", message)
        page, following = DOMAINS.cut(self._domains[list_id], params, None if set_up else self.page_size)
        return {"Domains": page, **following}

    def _add_list(self, name: str, domains: Iterable[str]) -> str:
        list_id = f"rslvr-fdl-{secrets.token_hex(8)}"
        self._lists[list_id] = self._list(list_id, name, None)
        self._domains[list_id] = [_stored(domain) for domain in domains]
        return list_id

    def _list(self, list_id: str, name: str, manager: str | None) -> Shown:
        shown = {
            "Id": list_id,
            "Arn": f"{self._arn}firewall-domain-list/{list_id}",
            "Name": name,
            "Status": "COMPLETE",
            "StatusMessage": "",
            **_times(),
        }
        if manager:
            return shown | {"ManagedOwnerName": manager, "ManagedListType": "THREAT"}
        return shown | {"CreatorRequestId": f"request {list_id}"}

    def _page(self, key: str, found: list[Shown], params: Params, set_up: bool) -> Result:
        page, following = PAGING.cut(found, params, None if set_up else self.page_size)
        return {key: page, **following}


def _chosen(items: list[Shown], params: Params, keys: tuple[str, ...]) -> list[Shown]:
    wanted = {key: params[key] for key in keys if key in params}
    return [item for item in items if wanted.items() <= item.items()]


def _refuse_unknown(resource_id: str, known: Iterable[str]) -> None:
    if resource_id not in known:
        message = f"[RSLVR-02025] Can't find the resource with ID '{resource_id}'."
        raise AwsError("ResourceNotFoundException", message)


def _stored(domain: str) -> str:
    """As the API keeps a domain: in lower case, with the final dot; the asterisk in front stays.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html
    """
    return f"{domain.lower().rstrip('.')}."


def _times() -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"CreationTime": now, "ModificationTime": now}
