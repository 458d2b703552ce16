"""Events of strangers: what other services send, and ours with hostile text in every field that is read."""

import copy
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.harness.function import ROOT

CRATE = "aws_lambda_events"
TEXTS = {
    "line": "x\nINJECTED\r\n",
    "escape": "\u001b[2J\u001b[31mred",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9b\u2028\u2029",
    "quotes": "\"'`\\\" '; $(id) && {{x}} ${x} %s %n",
    "long": "A" * 100_000,
    "direction": "\u202evpce-0a1b2c3d4e5f60718",
}
DEPTH = 10_000


def fixtures() -> dict[str, bytes]:
    """The example events that the crate publishes, by name."""
    # Speaks of every platform: cargo fetches what was not built for this one.
    asked = ["cargo", "metadata", "--locked", "--format-version", "1"]
    found = json.loads(subprocess.run(asked, cwd=ROOT, check=True, capture_output=True).stdout)
    manifest = next(one["manifest_path"] for one in found["packages"] if one["name"] == CRATE)
    files = sorted((Path(manifest).parent / "src" / "fixtures").glob("*.json"))
    return {path.stem.removeprefix("example-"): path.read_bytes() for path in files}


def is_ours(event: bytes) -> bool:
    """Whether an event has the shape of a trigger of ours, which may be taken as a hint."""
    content = json.loads(event)
    if not isinstance(content, dict):
        return False
    records = content.get("Records")
    if isinstance(records, list) and records:
        return all(
            isinstance(one, dict) and one.get("EventSource", one.get("eventSource")) == "aws:sns" for one in records
        )
    return (content.get("source"), content.get("detail-type")) == ("aws.ec2", "AWS API Call via CloudTrail")


def hostile_events() -> dict[str, bytes]:
    """Each event file with a hostile text in each of its strings and names, and nested deeply."""
    found: dict[str, bytes] = {}
    for path in sorted((ROOT / "events").glob("*.json")):
        if path.name.startswith(("verifier-", "preflight")):
            continue
        event = json.loads(path.read_text())
        for at in _places(event):
            where = ".".join(map(str, at))
            for text_name, text in TEXTS.items():
                for how, spoil in (
                    ("value", lambda old, text=text: text),
                    ("added", lambda old, text=text: f"{old}{text}"),
                ):
                    found[f"{path.stem} {where} {how} {text_name}"] = json.dumps(_with(event, at, spoil)).encode()
            deep = json.dumps(_with(event, at, lambda old: "DEEP"))
            found[f"{path.stem} {where} deep"] = deep.replace('"DEEP"', "[" * DEPTH + "]" * DEPTH).encode()
            found[f"{path.stem} {where} number"] = deep.replace('"DEEP"', "1e999").encode()
            found[f"{path.stem} {where} surrogate"] = deep.replace('"DEEP"', '"\\ud800"').encode()
    return found


def _places(event: Any, at: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """Where the texts of an event are that may be read: not deeper than its record or detail."""
    items = event.items() if isinstance(event, dict) else enumerate(event) if isinstance(event, list) else ()
    for key, value in items:
        if isinstance(value, str):
            yield (*at, key)
        elif len(at) < 3:
            yield from _places(value, (*at, key))


def _with(event: Any, at: tuple[Any, ...], spoil: Callable[[Any], Any]) -> Any:
    changed = copy.deepcopy(event)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = spoil(inner[at[-1]])
    return changed
