"""The recaps as tables of a file: the lines and sums that the pages show. It asks nothing and counts once.

Their words are the caller's: the web speaks through its catalogue, the notifier in the language of who is written to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.reports.recap import Line, Recap, Sums
from shared.reports.recap_month import Day, Month
from shared.reports.sheets import Column, Sheet


@dataclass(frozen=True, slots=True)
class Heads:
    """What columns and sums are called. counted: received, done, obstacle, cancelled, left."""

    name: str
    counted: tuple[str, str, str, str, str]
    kept: str
    total: str
    type: str
    day: str
    all: str


def numbers(found: Recap, sums: Sums) -> list[int]:
    """A line's figures in the order of the columns: each type, then received, done, obstacle, cancelled, left."""
    counted = [sums.received, sums.done, sums.obstacle, sums.cancelled, sums.left]
    return [sums.types[kind] for kind in found.types] + counted


def kept(sums: Sums) -> float | None:
    """The share of the finished orders that kept their target."""
    return sums.on_time / sums.done if sums.done else None


def kept_of(day: Day) -> float | None:
    """The share of the day's finished orders that kept their target."""
    done = day.done.total()
    return day.on_time / done if done else None


def month_rows(found: Month, everything: str) -> list[tuple[str, list[int | None], int]]:
    """Finished orders by type and day, the sum of all types last; None for days that have not begun."""
    rows = [(kind, [day.done[kind] if day.begun else None for day in found.days]) for kind in found.types]
    rows.append((everything, [day.done.total() if day.begun else None for day in found.days]))
    return [(name, cells, sum(n or 0 for n in cells)) for name, cells in rows]


def daily_sheet(
    found: Recap, lines: Sequence[Line], name: str, head: str, heads: Heads, title: tuple[str, ...]
) -> Sheet:
    """The lines of STO or of technicians, and their sum."""
    columns = (
        Column(head, width=14),
        Column(heads.name, width=26),
        *(Column(kind, "whole", 9) for kind in found.types),
        *(Column(word, "whole", 10) for word in heads.counted),
        Column(heads.kept, "share", 11),
    )
    rows = [(line.code or "–", line.name, *numbers(found, line.sums), kept(line.sums)) for line in lines]
    rows.append((heads.total, "", *numbers(found, found.total), kept(found.total)))
    return Sheet(name, columns, rows, title)


def month_sheets(found: Month, names: tuple[str, str], heads: Heads, title: tuple[str, ...]) -> tuple[Sheet, Sheet]:
    """The heat table as it stands on the page, and a row a day."""
    received, done = heads.counted[:2]
    table = Sheet(
        names[0],
        (
            Column(heads.type, width=12),
            *(Column(str(day.day.day), "whole", 6) for day in found.days),
            Column(heads.total, "whole", 10),
        ),
        [(name, *cells, total) for name, cells, total in month_rows(found, heads.all)],
        title,
    )
    days = Sheet(
        names[1],
        (
            Column(heads.day, "day", 12),
            *(Column(f"{done} {kind}", "whole", 14) for kind in found.types),
            Column(received, "whole", 10),
            Column(done, "whole", 10),
            Column(heads.kept, "share", 11),
        ),
        [
            (day.day, *(day.done[kind] for kind in found.types), day.received.total(), day.done.total(), kept_of(day))
            for day in found.days
            if day.begun
        ],
        title,
    )
    return table, days
