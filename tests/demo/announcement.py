"""A message of the function as a person gets it: subject, what happened, the plan's diff, what to do."""

import json
from dataclasses import dataclass

from tests.aws import Message

DIFF_HEADING = "What was changed"
NEXT = "What to do next: "


@dataclass(frozen=True)
class Announcement:
    """The parts of an announcement's e-mail text that the demo shows."""

    event: str
    severity: str
    subject: str
    happened: str
    diff: list[str]
    next: str


def announcement(message: Message) -> Announcement:
    lines = json.loads(message.message)["email"].splitlines()
    return Announcement(
        event=message.attributes["event"],
        severity=message.attributes["severity"],
        subject=message.subject or "",
        happened=lines[0],
        diff=[line for line in _after(lines, DIFF_HEADING) if line.startswith(("zone ", "  "))],
        next=_behind(lines, NEXT),
    )


def _after(lines: list[str], heading: str) -> list[str]:
    """The lines from below a heading up to the next empty one; nothing without that heading."""
    starts = [number for number, line in enumerate(lines) if line.startswith(heading)]
    if not starts:
        return []
    rest = lines[starts[0] + 1 :]
    return rest[: rest.index("")] if "" in rest else rest


def _behind(lines: list[str], label: str) -> str:
    return next((line.removeprefix(label) for line in lines if line.startswith(label)), "")
