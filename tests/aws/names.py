"""Domain names as Route 53 stores, compares and sorts them."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from tests.aws.errors import AwsError

ESCAPE = re.compile(r"\\([0-7]{3})")
STAR = "\\052."
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


@lru_cache(maxsize=65536)
def canonical(name: str) -> str:
    """Lower case, trailing dot, and `\\ooo` for every other character, as answers show names.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    labels = name.removesuffix(".").split(".")
    return "".join(f"{_label(label)}." for label in labels)


def _label(label: str) -> str:
    plain = ESCAPE.sub(lambda match: chr(int(match[1], 8)), label).lower()
    return "".join(char if char in PLAIN else f"\\{ord(char):03o}" for char in plain)


def problem(name: str) -> str | None:
    """What Route 53 has against a name, or None."""
    labels = canonical(name)[:-1].split(".")
    if any(not label for label in labels):
        return f"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '{name}'"
    if any(len(ESCAPE.sub("x", label)) > 63 for label in labels):
        return f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{name}'"
    if len(ESCAPE.sub("x", canonical(name))) > 255:
        return f"FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '{name}'"
    return None


def zone_name(name: str) -> str:
    """A hosted zone's canonical name; InvalidDomainName for anything that cannot be one."""
    if found := problem(name):
        raise AwsError("InvalidDomainName", found)
    return canonical(name)


@lru_cache(maxsize=65536)
def order(name: str) -> str:
    """Sort key: labels reversed, with the trailing dot taking part.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
    """
    return ".".join(reversed(name.removesuffix(".").split("."))) + "."


def lies_in(name: str, zone: str) -> bool:
    """Whether a canonical name is the zone's apex or below it."""
    return name == zone or name.endswith(f".{zone}")


def upwards(name: str) -> Iterator[str]:
    """A canonical name and the domains that it lies in, the narrowest first."""
    while name:
        yield name
        name = name.partition(".")[2]


def owner(existing: Collection[str], name: str) -> str | None:
    """Of the names that have records, the one that answers for a name: itself, else the wildcard at its closest
    encloser. A name with records below it exists, and then a wildcard does not reach it (RFC 4592).
    """

    def exists(candidate: str) -> bool:
        return candidate in existing or any(other.endswith(f".{candidate}") for other in existing)

    if exists(name):
        return name
    wildcard = STAR + next((encloser for encloser in upwards(name) if exists(encloser)), "")
    return wildcard if wildcard in existing else None


def hidden_zone(host: str) -> str:
    """The zone that holds a name for private DNS: of that name, or for a wildcard of the name below the star."""
    return canonical(host).removeprefix(STAR)
