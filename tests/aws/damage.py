"""Answers that are not whole: cut off, or lists that are less than they were."""

import json
import re
from typing import Any

from tests.aws.errors import Answer

# The lists of the answers that the product reads: the element around the items, and that of one item.
LISTS = {
    "vpcEndpointSet": "item",
    "networkInterfaceSet": "item",
    "HostedZones": "HostedZone",
    "HostedZoneSummaries": "HostedZoneSummary",
    "ResourceRecordSets": "ResourceRecordSet",
}
MARKERS = ("NextMarker", "NextRecordName", "NextRecordType", "NextRecordIdentifier", "NextToken", "nextToken")
NOWHERE = "bmV4dDpub3doZXJl"


def damaged(answer: Answer, kind: str) -> Answer:
    """The answer as the fault leaves it. What has no list in it is cut off in the middle."""
    headers = {key: value for key, value in answer.headers.items() if key.lower() != "content-length"}
    body = None if kind == "malformed" else _less(answer.body.decode(), keep=0 if kind == "empty" else 1)
    return Answer(answer.status, answer.body[: len(answer.body) // 2] if body is None else body.encode(), headers)


def _less(text: str, keep: int) -> str | None:
    """A list with its first items only. One that is not emptied says that more follow."""
    if text.startswith("{"):
        return _less_json(json.loads(text), keep)
    for around, item in LISTS.items():
        found = re.search(rf"<{around}>(.*)</{around}>|<{around} ?/>", text, re.DOTALL)
        if found is None:
            continue
        items = _items(found[1] or "", item)[:keep]
        text = text[: found.start()] + f"<{around}>{''.join(items)}</{around}>" + text[found.end() :]
        for marker in MARKERS:
            text = re.sub(rf"<{marker}>.*?</{marker}>|<{marker} ?/>", "", text)
        if not keep:
            return text.replace("<IsTruncated>true<", "<IsTruncated>false<")
        if "<IsTruncated>" in text:
            return text.replace("<IsTruncated>false<", "<IsTruncated>true<")
        token = "nextToken" if item == "item" else "NextToken"
        return text.replace(f"</{around}>", f"</{around}><{token}>{NOWHERE}</{token}>")
    return None


def _items(text: str, item: str) -> list[str]:
    """The items of a list, which hold no element of the same name but for EC2's `item`."""
    if item != "item":
        return re.findall(rf"<{item}>.*?</{item}>", text, re.DOTALL)
    found, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)item(?: ?/)?>", text):
        if not tag[1]:
            start = tag.start() if depth == 0 else start
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                found.append(text[start : tag.end()])
    return found


def _less_json(content: dict[str, Any], keep: int) -> str | None:
    name = next((key for key, value in content.items() if isinstance(value, list)), None)
    if name is None:
        return None
    less = content | {name: content[name][:keep]}
    less.pop("NextToken", None)
    return json.dumps(less | ({"NextToken": NOWHERE} if keep else {}))
