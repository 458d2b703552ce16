"""One resource record set: its canonical form, what is wrong with it, and whether two are the same.

Formats: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

import ipaddress
import re
from typing import Any

from tests.aws import names
from tests.aws.errors import AwsError, too_long
from tests.aws.zones import Key, RecordSet

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
MAX_STRING = 255
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html
MAX_VALUE = 4000
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
MAX_VALUES = 400
SINGLE_VALUE = ("CNAME", "SOA")


def normal(record: RecordSet) -> RecordSet:
    """The set as Route 53 keeps it: canonical names, plain values."""
    kept = {key: value for key, value in record.items() if value is not None}
    kept["Name"] = names.canonical(record["Name"])
    if alias := record.get("AliasTarget"):
        kept["AliasTarget"] = alias | {"DNSName": names.canonical(alias["DNSName"])}
        if not kept.get("ResourceRecords"):
            kept.pop("ResourceRecords", None)
    elif "ResourceRecords" in record:
        kept["ResourceRecords"] = [{"Value": value["Value"]} for value in record["ResourceRecords"]]
    return kept


def key_of(record: RecordSet) -> Key:
    return record["Name"], record["Type"], record.get("SetIdentifier", "")


def same(left: RecordSet, right: RecordSet) -> bool:
    """Whether a DELETE names exactly the current set; the order of values does not matter."""
    return _comparable(left) == _comparable(right)


def _comparable(record: RecordSet) -> dict[str, Any]:
    values = sorted(value["Value"] for value in record.get("ResourceRecords", []))
    return record | {"ResourceRecords": values}


def check_form(action: str, record: RecordSet) -> None:
    """A set is either an alias or has a TTL and values; anything else is InvalidInput."""
    has_values = bool(record.get("ResourceRecords"))
    has_ttl = record.get("TTL") is not None
    has_alias = "AliasTarget" in record
    shape = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
    where = f"in Change with [Action={action}, Name={record['Name']}, Type={record['Type']}, " + (
        f"SetIdentifier={record.get('SetIdentifier', 'null')}]"
    )
    if has_alias and (has_values or has_ttl):
        raise AwsError(
            "InvalidInput", f"Invalid request: Expected exactly one of {shape}, but found more than one {where}"
        )
    if not has_alias and not (has_values and has_ttl):
        raise AwsError("InvalidInput", f"Invalid request: Expected exactly one of {shape}, but found none {where}")
    if has_ttl and not 0 <= record["TTL"] <= 2147483647:
        raise AwsError("InvalidInput", f"Invalid request: TTL {record['TTL']} is out of range {where}")
    for value in record.get("ResourceRecords", []):
        if len(value["Value"]) > MAX_VALUE:
            raise too_long("changeBatch.changes.1.member.resourceRecordSet", value["Value"], MAX_VALUE)


def value_problems(record: RecordSet) -> list[str]:
    """What Route 53 has against the values of a set."""
    kind = record["Type"]
    values = [value["Value"] for value in record.get("ResourceRecords", [])]
    found = [
        f"Invalid Resource Record: '{problem} encountered with '{value}''"
        for value in values
        if (problem := _value_problem(kind, value))
    ]
    found += [f"Duplicate Resource Record: '{value}'" for value in sorted({v for v in values if values.count(v) > 1})]
    if len(values) > MAX_VALUES:
        found.append(f"Number of records limit of {MAX_VALUES} exceeded in the set '{kind} {record['Name']}'.")
    if kind in SINGLE_VALUE and len(values) > 1:
        found.append(f"A {kind} resource record set must have exactly one value: '{record['Name']}'")
    return found


def _value_problem(kind: str, value: str) -> str | None:
    if kind == "A" and not _is_address(value, ipaddress.IPv4Address):
        return "FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
    if kind == "AAAA" and not _is_address(value, ipaddress.IPv6Address):
        return "FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
    if kind in ("TXT", "SPF"):
        return _text_problem(value)
    if kind in ("CNAME", "NS", "PTR") and (" " in value or not value or names.problem(value)):
        return "FATAL problem: InvalidDomainName (Value is not a valid domain name)"
    if kind == "SOA" and not re.fullmatch(r"\S+ \S+( \d+){5}", value):
        return "FATAL problem: InvalidSOA (Value is not a valid SOA record)"
    return None


def _is_address(value: str, family: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> bool:
    try:
        family(value)
    except ValueError:
        return False
    return True


def _text_problem(value: str) -> str | None:
    strings = STRING.findall(value)
    if not strings or STRING.sub("", value).strip():
        return "FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks)"
    if any(len(re.sub(r"\\([0-7]{3}|.)", "x", string)) > MAX_STRING for string in strings):
        return "FATAL problem: CharacterStringTooLong (Value is too long)"
    return None
