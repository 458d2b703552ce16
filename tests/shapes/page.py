"""The blocks of docs/dns.md: a comment that names what is shown, and below it a fenced block with it."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "dns.md"
BLOCK = re.compile(
    r"(?P<head><!-- (?P<name>[a-z]+: [a-z-]+) -->\n```[a-z]*\n)(?P<text>.*?)(?P<end>^```\n)", re.DOTALL | re.MULTILINE
)


def blocks() -> dict[str, str]:
    """What the page shows, by name."""
    found = [(block["name"], block["text"].removesuffix("\n")) for block in BLOCK.finditer(PAGE.read_text())]
    assert len(dict(found)) == len(found), "a name stands for one block"
    return dict(found)


def write(texts: dict[str, str]) -> None:
    """Put these texts into the blocks of their names; the others stay."""

    def filled(block: re.Match[str]) -> str:
        text = f"{texts[block['name']]}\n" if block["name"] in texts else block["text"]
        return block["head"] + text + block["end"]

    PAGE.write_text(BLOCK.sub(filled, PAGE.read_text()))
