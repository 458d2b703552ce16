"""ChangeResourceRecordSets: a batch is applied whole or not at all.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.aws import names
from tests.aws.errors import AwsError
from tests.aws.rrsets import check_form, key_of, normal, same, value_problems
from tests.aws.zones import Key, RecordSet, Zone

MAX_ELEMENTS = 1000
MAX_CHARACTERS = 32000
AWS_SUFFIXES = (".amazonaws.com.", ".amazonaws.com.cn.", ".cloudfront.net.", ".awsglobalaccelerator.com.")

# Answers which record types an endpoint's DNS name serves in which hosted zone: (zone id, types), or None.
EndpointNames = Callable[[str], tuple[str, set[str]] | None]


def changed(zone: Zone, changes: list[dict[str, Any]], endpoint_names: EndpointNames | None) -> dict[Key, RecordSet]:
    """The zone's records after the batch, or InvalidChangeBatch with everything that is wrong with it.

    Without `endpoint_names`, alias targets are not looked up: a test may plant what an earlier world left behind.
    """
    steps = [(change["Action"], normal(change["ResourceRecordSet"])) for change in changes]
    for action, record in steps:
        check_form(action, record)
    _check_size(steps)
    problems = _repeated(steps)
    after = dict(zone.records)
    for action, record in steps:
        found = _problems(zone, action, record, after)
        if not found and action != "DELETE" and "AliasTarget" in record and endpoint_names:
            found = _alias_problems(zone, record, after, endpoint_names)
        problems += found
        if found:
            continue
        if action == "DELETE":
            del after[key_of(record)]
        else:
            after[key_of(record)] = record
    if problems:
        raise AwsError("InvalidChangeBatch", f"[{', '.join(problems)}]")
    return after


def _check_size(steps: list[tuple[str, RecordSet]]) -> None:
    elements = characters = 0
    for action, record in steps:
        weight = 2 if action == "UPSERT" else 1
        values = [value["Value"] for value in record.get("ResourceRecords", [])]
        elements += weight * (len(values) or 1)
        characters += weight * sum(map(len, values))
    if elements > MAX_ELEMENTS:
        raise AwsError("InvalidChangeBatch", f"[Number of records limit of {MAX_ELEMENTS} exceeded.]")
    if characters > MAX_CHARACTERS:
        raise AwsError("InvalidChangeBatch", f"[Number of characters limit of {MAX_CHARACTERS} exceeded.]")


def _repeated(steps: list[tuple[str, RecordSet]]) -> list[str]:
    """A set may appear once in a batch, or twice as DELETE and CREATE."""
    actions: dict[Key, Counter[str]] = {}
    for action, record in steps:
        actions.setdefault(key_of(record), Counter())[action] += 1
    return [
        f"The request contains an invalid set of changes for a resource record set '{kind} {name}'"
        for (name, kind, _), seen in actions.items()
        if seen.total() > 1 and seen != Counter({"DELETE": 1, "CREATE": 1})
    ]


def _problems(zone: Zone, action: str, record: RecordSet, current: dict[Key, RecordSet]) -> list[str]:
    name, kind, _ = key = key_of(record)
    which = f"resource record set [name='{name}', type='{kind}'{_identifier(record)}]"
    if not names.lies_in(name, zone.name):
        return [f"RRSet with DNS name {name} is not permitted in zone {zone.name}"]
    if action == "DELETE":
        if key not in current:
            return [f"Tried to delete {which} but it was not found"]
        if name == zone.name and kind == "SOA":
            return ["A HostedZone must contain exactly one SOA record."]
        if name == zone.name and kind == "NS":
            return ["A HostedZone must contain at least one NS record for the zone itself."]
        if not same(current[key], record):
            return [f"Tried to delete {which} but the values provided do not match the current values"]
        return []
    if action == "CREATE" and key in current:
        return [f"Tried to create {which} but it already exists"]
    if found := names.problem(name):
        return [found]
    return _conflicts(zone, record, current) or value_problems(record)


def _identifier(record: RecordSet) -> str:
    return f", set-identifier='{record['SetIdentifier']}'" if "SetIdentifier" in record else ""


def _conflicts(zone: Zone, record: RecordSet, current: dict[Key, RecordSet]) -> list[str]:
    name, kind, identifier = key_of(record)
    which = f"RRSet of type {kind} with DNS name {name} is not permitted"
    if kind == "CNAME" and name == zone.name:
        return [f"{which} at apex in zone {zone.name}"]
    if kind == "SOA" and name != zone.name:
        return [f"{which} in zone {zone.name} since it is not the apex"]
    if kind in ("NS", "SOA") and "AliasTarget" in record:
        return [f"{which} as an alias"]
    neighbours = [key for key in current if key[0] == name]
    if kind == "CNAME" and any(other != "CNAME" for _, other, _ in neighbours):
        return [f"{which} as it conflicts with other records with the same DNS name in zone {zone.name}"]
    if kind != "CNAME" and any(other == "CNAME" for _, other, _ in neighbours):
        return [
            f"{which} because a conflicting RRSet of type CNAME with the same DNS name already exists in zone {zone.name}"
        ]
    if any(other == kind and bool(held) != bool(identifier) for _, other, held in neighbours):
        return [
            f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier or 'null'} cannot be created "
            "as other RRSets exist with the same name and type."
        ]
    return []


def _alias_problems(
    zone: Zone, record: RecordSet, current: dict[Key, RecordSet], endpoint_names: EndpointNames
) -> list[str]:
    """An alias names a record that exists, by the hosted zone that it lives in."""
    target = record["AliasTarget"]
    name, zone_id, kind = target["DNSName"], target["HostedZoneId"], record["Type"]
    which = f"Tried to create an alias that targets {name}, type {kind} in zone {zone_id}"
    outside = [f"{which}, but the alias target name does not lie within the target zone"]
    missing = [f"{which}, but that target was not found"]
    if zone_id == zone.id:
        if not names.lies_in(name, zone.name):
            return outside
        return [] if any(key[:2] == (name, kind) for key in current) else missing
    if ".vpce.amazonaws.com" not in name:
        return [] if name.endswith(AWS_SUFFIXES) else outside
    served = endpoint_names(name)
    if served is None:
        return missing
    owner, kinds = served
    if zone_id != owner:
        return outside
    return [] if kind in kinds else missing
