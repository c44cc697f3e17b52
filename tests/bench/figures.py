"""What a bench found: each figure is the median of several rounds with its spread, beside a peer or a limit."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    rounds: one value a round. beside: the peer or limit of the same run, in the same unit, and `peer` its name.
    aim: what was promised, in words. kept: whether it was; None where nothing was promised.
    """

    bench: str
    what: str
    rounds: Sequence[float]
    unit: str = "ms"
    peer: str = ""
    beside: float | None = None
    aim: str = ""
    kept: bool | None = None
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    @property
    def middle(self) -> float:
        return median(self.rounds)

    @property
    def ratio(self) -> float | None:
        return self.middle / self.beside if self.beside else None


def percentile(values: Sequence[float], of: float) -> float:
    """The smallest value that `of` (0…100) percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * of / 100) - 1)]


def shown(value: float) -> str:
    """Three figures that matter: 0.42, 8.15, 23.4, 187, 12400."""
    if value == 0:
        return "0"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, which is as readable in a terminal."""
    rows = [("bench", "figure", "median", "min–max", "n", "unit", "beside", "ratio", "aim", "kept", "load")]
    for one in figures:
        beside = f"{one.peer} {shown(one.beside)}" if one.beside is not None else one.peer
        rows.append(
            (
                one.bench,
                one.what,
                shown(one.middle),
                f"{shown(min(one.rounds))}–{shown(max(one.rounds))}" if len(one.rounds) > 1 else "",
                str(len(one.rounds)),
                one.unit,
                beside,
                f"{one.ratio:.2f}×" if one.ratio is not None else "",
                one.aim,
                {True: "yes", False: "NO", None: ""}[one.kept],
                f"{one.load:.1f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
