"""The one table: what was measured, beside a peer in the same run, and what is promised of it."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("What", "Ours", "Peer", "Theirs", "Ratio", "Promised", "")


@dataclass(frozen=True)
class Figure:
    """A number with its unit."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        most = next((digits for limit, digits in ((10, 2), (100, 1)) if abs(self.value) < limit), 0)
        number = f"{self.value:,.0f}" if self.value == int(self.value) else f"{self.value:,.{most}f}"
        return f"{number} {self.unit}".strip()


@dataclass(frozen=True)
class Row:
    """`kept` is None where nothing is promised."""

    what: str
    ours: Figure | str
    peer: str = ""
    theirs: Figure | str = ""
    ratio: float | None = None
    promised: str = ""
    kept: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = {True: "kept", False: "BROKEN", None: ""}[self.kept]
        ratio = "" if self.ratio is None else times(self.ratio)
        return (self.what, str(self.ours), self.peer, str(self.theirs), ratio, self.promised, verdict)


def compared(
    what: str,
    ours: Figure,
    peer: str,
    theirs: Figure | str,
    *,
    ratio: float | None = None,
    most: float | None = None,
    most_of_peer: float | None = None,
) -> Row:
    """A row beside a peer. `most` is promised of our value, `most_of_peer` of the ratio. A peer that could not be
    measured says so in `theirs`, and then no ratio is judged."""
    if ratio is None and isinstance(theirs, Figure) and theirs.value:
        ratio = ours.value / theirs.value
    promises = []
    kept = []
    if most is not None:
        promises.append(f"at most {Figure(most, ours.unit)}")
        kept.append(ours.value <= most)
    if most_of_peer is not None and ratio is not None:
        promises.append(f"at most {times(most_of_peer)}")
        kept.append(ratio <= most_of_peer)
    elif most_of_peer is not None:
        promises.append(f"at most {times(most_of_peer)}, not judged")
    return Row(what, ours, peer, theirs, ratio, ", ".join(promises), all(kept) if kept else None)


def alone(what: str, ours: Figure, most: float | None = None) -> Row:
    return compared(what, ours, "", "", most=most)


def times(ratio: float) -> str:
    return f"1/{1 / ratio:.3g}" if 0 < ratio < 0.5 else f"{ratio:.3g} ×"


def median(values: Iterable[float], unit: str = "") -> Figure:
    return Figure(statistics.median(values), unit)


def lines(rows: list[Row]) -> list[str]:
    """The table as Markdown."""
    return columns([HEAD, *(row.cells() for row in rows)])


def columns(cells: Sequence[Sequence[str]]) -> list[str]:
    """Markdown in columns that a terminal shows as well; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    shown = [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in cells]
    return [shown[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *shown[1:]]
