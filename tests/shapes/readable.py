"""Reports and messages as a page can show them: ids are words, bookkeeping is left out where the page says so."""

import json
import re
from typing import Any

# The second part of an endpoint's name, behind its id or the word for it, and the id of TDP's service.
ENDPOINT_NAME = re.compile(r"(vpce-[0-9a-z-]+)-[0-9a-f]{8}\.")
SERVICE = re.compile(r"vpce-svc-[0-9a-f]+")
# What names one change: in markers, in comments and in caller references.
CHANGE = re.compile(r"(/change=|privatelink undo |privatelink-undo-)[0-9a-f]{8}")
# A zone of ours has a marker for each name, and an SOA.
BOOKKEEPING = re.compile(r"  [-+*] \S+ (TXT|SOA) ")


class Words:
    """A word for each id. The same id is the same word everywhere; none may be left without one."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def name(self, id: str, word: str) -> str:
        """From now on `word` stands for an id, which is returned."""
        self._words[id] = word
        return id

    def name_zones(self, zones: list[dict[str, Any]]) -> None:
        """Zones are called by the first label of their name: ZGXP for gxp.tetrascience.com."""
        for zone in zones:
            self._words.setdefault(zone["id"], "Z" + re.sub(r"\W", "", zone["name"].split(".")[0]).upper())

    def of(self, text: str) -> str:
        for id, word in self._words.items():
            text = text.replace(id, word)
        text = ENDPOINT_NAME.sub(r"\1-….", text)
        text = SERVICE.sub("vpce-svc-…", text)
        text = CHANGE.sub(r"\1…", text)
        left = re.search(r"\b(?:vpc|vpce)-(?=\w*\d)\w{8,}|\bZ(?!7HUB22UULQXV)[0-9A-F]{12,}", text)
        assert left is None, f"no word stands for {left[0]}"
        return text


def laid_out(report: dict[str, Any]) -> str:
    """A report's JSON with a line for each entry of its lists: only white space differs from what was answered."""
    (connection,) = report["connections"]
    lines = []
    for key, value in connection.items():
        if isinstance(value, list) and value:
            entries = ",\n  ".join(map(compact, value))
            lines.append(f"{compact(key)}:[\n  {entries}]")
        else:
            lines.append(f"{compact(key)}:{compact(value)}")
    whole = "{" + f'"mode":{compact(report["mode"])},"connections":[{{\n ' + ",\n ".join(lines) + "}]}"
    assert json.loads(whole) == report
    return whole


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parts(text: str, *headings: str) -> str:
    """The parts of a message that begin with these words, each up to the next empty line, without bookkeeping."""
    found = [part for heading in headings for part in text.split("\n\n") if part.startswith(heading)]
    assert len(found) == len(headings), text
    lines = "\n\n".join(part.strip("\n") for part in found).split("\n")
    return "\n".join(line for line in lines if not BOOKKEEPING.match(line))


def in_order(text: str, start: str) -> str:
    """The lines that begin so, which the function has in the order of ids, in that of the words for them."""
    lines = text.split("\n")
    sorted_ones = iter(sorted(line for line in lines if line.startswith(start)))
    return "\n".join(next(sorted_ones) if line.startswith(start) else line for line in lines)
