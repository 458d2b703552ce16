"""The three files of a report: JSON for machines, Markdown for a repository, HTML to read, print and attach."""

import hashlib
import json
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tests.evidence.report import Report, as_json

TEMPLATES = FileSystemLoader(Path(__file__).with_name("templates"))


def code(text: str) -> Markup:
    """What stands between backticks as code, everything escaped."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def linked(address: str) -> Markup:
    """Only pages of the web are links: a report is read far from the repository."""
    shown = escape(address)
    return Markup('<a href="{0}">{0}</a>').format(shown) if address.startswith("https://") else shown


def cell(text: str) -> str:
    """Text in Markdown, in a table or not: nothing in it is markup."""
    return re.sub(r"([\\|`*_<>\[\]#~&])", r"\\\1", re.sub(r"\s+", " ", text))


def coded(text: str) -> str:
    """A name as code in a cell of Markdown."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "\\|") + "`"


def cell_with_code(text: str) -> str:
    """A statement of ours in a cell of Markdown: what stands between backticks stays code."""
    return "".join(coded(part) if at % 2 else cell(part) for at, part in enumerate(text.split("`")))


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def page(name: str, report: Report, digest: str) -> str:
    environment = Environment(
        loader=TEMPLATES,
        autoescape=name.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": code, "linked": linked, "seconds": seconds}
    environment.filters |= {"cell": cell, "coded": coded, "cell_with_code": cell_with_code}
    return environment.get_template(name).render(report=report, digest=digest)


def write(report: Report, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    files = {"report.json": text}
    files |= {f"report.{kind}": page(f"report.{kind}.jinja", report, digest) for kind in ("md", "html")}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in files]
