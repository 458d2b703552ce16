"""The requirements as docs/requirements.md states them, and the tests that mapping.toml says show them."""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATED = ROOT / "docs" / "requirements.md"
MAPPED = Path(__file__).with_name("mapping.toml")

HEADING = re.compile(r"^## (.+)$")
ROW = re.compile(r"^\| `([A-Z]{2,4}-\d{2,3})` \|(.*)\|$")
DEFINITION = re.compile(r"^\[([^\]]+)\]: (\S+)$")
LABEL = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True)
class Part:
    """A piece of a source cell: text, or the label of a page with its address."""

    text: str
    address: str | None = None


@dataclass(frozen=True)
class Requirement:
    id: str
    group: str
    text: str
    why: str
    source: tuple[Part, ...]


@dataclass(frozen=True)
class Confirmation:
    """What no test of the product can show."""

    id: str
    text: str
    who: str
    source: tuple[Part, ...]


@dataclass(frozen=True)
class Stated:
    requirements: tuple[Requirement, ...]
    confirmations: tuple[Confirmation, ...]
    problems: tuple[str, ...]

    def chosen(self, wanted: Collection[str]) -> tuple[Requirement, ...]:
        """Those that were asked for by id or group of ids (`DNS`); without a wish, all."""
        return tuple(one for one in self.requirements if not wanted or {one.id, one.id.split("-")[0]} & set(wanted))

    def unknown(self, wanted: Iterable[str]) -> list[str]:
        return [one for one in wanted if not self.chosen([one])]


def stated(page: str) -> Stated:
    """What the page states. Tables of four columns after the id's own are requirements, of three things to confirm."""
    addresses = {found[1]: found[2] for line in page.splitlines() if (found := DEFINITION.match(line))}
    requirements: list[Requirement] = []
    confirmations: list[Confirmation] = []
    problems: list[str] = []
    group, confirms = "", False
    for line in page.splitlines():
        if heading := HEADING.match(line):
            group = heading[1]
        if line.startswith("| Id |"):
            confirms = line.startswith("| Id | To confirm |")
        if not (row := ROW.match(line)):
            if re.match(r"^\| *`", line):
                problems.append(f"a row of docs/requirements.md that is no requirement: {line[:60]}")
            continue
        cells = [cell.strip() for cell in row[2].split("|")]
        if len(cells) != 3:
            problems.append(f"{row[1]} has {len(cells) + 1} cells instead of 4")
            continue
        text, middle, source = cells
        parts = tuple(_parts(source, addresses))
        unknown = [name for name in LABEL.findall(source) if name not in addresses]
        problems += [f"{row[1]}: no address for the source [{name}]" for name in unknown]
        if not text or not any(part.address for part in parts):
            problems.append(f"{row[1]} has no statement or no source")
        if confirms:
            confirmations.append(Confirmation(row[1], text, middle, parts))
        else:
            requirements.append(Requirement(row[1], group, text, middle, parts))
    counted = Counter([one.id for one in requirements] + [one.id for one in confirmations])
    problems += [f"{name} is stated {count} times" for name, count in counted.items() if count > 1]
    return Stated(tuple(requirements), tuple(confirmations), tuple(problems))


def _parts(source: str, addresses: dict[str, str]) -> Iterable[Part]:
    for at, text in enumerate(LABEL.split(source)):
        if at % 2 and text in addresses:
            yield Part(text, _address(addresses[text]))
        elif text:
            yield Part(text)


def _address(target: str) -> str:
    """Pages of the repository by their place in it: a report is read elsewhere."""
    if target.startswith("https://"):
        return target
    return target.removeprefix("../") if target.startswith("../") else f"docs/{target}"


Mapping = dict[str, list[str]]


def mapping(text: str) -> Mapping:
    return tomllib.loads(text)


def problems(
    requirements: Iterable[Requirement], all_ids: Collection[str], tests: Mapping, exists: Collection[str]
) -> list[str]:
    """What is wrong with the trace, before anything is run."""
    found = [f"{name} of mapping.toml is no requirement" for name in tests if name not in all_ids]
    for requirement in requirements:
        mapped = tests.get(requirement.id, [])
        if not mapped:
            found.append(f"{requirement.id} has no test")
        found += [f"{requirement.id}: there is no test {test}" for test in mapped if test not in exists]
        found += [f"{requirement.id} names {test} twice" for test, count in Counter(mapped).items() if count > 1]
    return found
