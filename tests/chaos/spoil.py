"""Answers of AWS that are not as AWS makes them: bytes flipped, elements twice, unknown, huge, or not XML at all."""

import re
from collections.abc import Callable
from random import Random

from tests.aws.errors import Answer

# What no text of AWS should do to a reader: end a line, blow up, or name something else.
NASTY = [
    "99999999999999999999999999",
    "-1",
    "1e999",
    "NaN",
    "",
    " ",
    "&#10;INJECTED",
    "&#27;[31m",
    "&#0;",
    "&amp;#10;",
    "&lt;x&gt;",
    "\\000\\377",
    "*",
    "..",
    "x" * 70_000,
    "\u202e",
    "true",
    "vpce-svc-0",
    "Z" * 300,
    "&nosuch;",
    "]]>",
    "heritage=tdp-privatelink,",
]
BOMB = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "{"&a;" * 8}"><!ENTITY c "{"&b;" * 8}">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
ELEMENT = re.compile(r"<([A-Za-z]+)>([^<>]*)</\1>")
WHOLE = re.compile(r"<(item|member|HostedZone|HostedZoneSummary|ResourceRecordSet|ResourceRecord)>.*?</\1>", re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')

Spoil = Callable[[str, Random], str]


def _text(body: str, random: Random) -> str:
    """Another text in one element, or in one string of JSON."""
    found = list((TEXT if body.startswith("{") else ELEMENT).finditer(body))
    if not found:
        return body
    one = random.choice(found)
    start, end = one.span(one.lastindex or 0)
    return body[:start] + random.choice(NASTY) + body[end:]


def _twice(body: str, random: Random) -> str:
    found = list(WHOLE.finditer(body)) or list(ELEMENT.finditer(body))
    if not found:
        return body
    one = random.choice(found)
    return body[: one.end()] + one[0] * random.choice([1, 1, 500]) + body[one.end() :]


def _gone(body: str, random: Random) -> str:
    found = list(ELEMENT.finditer(body)) + list(WHOLE.finditer(body))
    if not found:
        return body
    one = random.choice(found)
    return body[: one.start()] + body[one.end() :]


def _unknown(body: str, random: Random) -> str:
    found = list(re.finditer(r"</?[A-Za-z]+>", body))
    if not found:
        return body
    at = random.choice(found).end()
    return (
        body[:at]
        + random.choice(["<unknown a='b'><deep/></unknown>", "<!-- x -->", "<![CDATA[<x>]]>", "<?pi x?>", "text"])
        + body[at:]
    )


def _renamed(body: str, random: Random) -> str:
    names = sorted(set(re.findall(r"<([A-Za-z]+)", body)))
    if not names:
        return body
    name, other = random.choice(names), random.choice([*names, "x:y", "Unknown"])
    return re.sub(rf"(</?){name}\b", rf"\g<1>{other}", body)


def _entity(body: str, random: Random) -> str:
    head, sep, rest = body.partition("?>")
    doctype = random.choice([BOMB, OUTSIDE])
    whole = head + sep + doctype + rest if sep else doctype + body
    return ELEMENT.sub(lambda one: f"<{one[1]}>&{random.choice('ac')};</{one[1]}>", whole, count=3)


def _root(body: str, random: Random) -> str:
    return random.choice(
        [
            "",
            "{}",
            "[]",
            "null",
            "<html><body>502 Bad Gateway</body></html>",
            "<a/>",
            "<Response/>",
            "\ufeff" + body,
            body + body,
            "<" * 5_000,
            "<a>" * 20_000,
            "[" * 20_000,
            '{"a":' * 20_000,
        ]
    )


def _cut(body: str, random: Random) -> str:
    return body[: random.randint(0, len(body))]


SPOILS: dict[str, Spoil] = {
    "another text": _text,
    "twice": _twice,
    "gone": _gone,
    "unknown": _unknown,
    "renamed": _renamed,
    "entities": _entity,
    "another root": _root,
    "cut": _cut,
}
FLIPS = "bytes flipped"
KINDS = [*SPOILS, FLIPS]


def spoilt(answer: Answer, kind: str, random: Random) -> Answer:
    """The answer, spoilt in one way. Its length is told as it then is."""
    if kind == FLIPS:
        body = bytearray(answer.body)
        for _ in range(random.randint(1, 8) if body else 0):
            body[random.randrange(len(body))] = random.randrange(256)
        return Answer(answer.status, bytes(body), answer.headers)
    text = answer.body.decode(errors="replace")
    return Answer(answer.status, SPOILS[kind](text, random).encode(), answer.headers)
