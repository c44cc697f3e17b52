"""Where a table's header stands, whatever the file it is in; the first rows decide. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.arrears import columns
from shared.arrears.batches import Kind
from shared.arrears.refusal import FileRefused
from shared.identifiers import one_line

MOST_COLUMNS = 200
MOST_ROWS = 3_000_000
LOOKED_AT = 40  # rows in which the header must stand
SAMPLES = 5
Row = list[str]


@dataclass(frozen=True, slots=True)
class Head:
    """The header. row: its number, from 1. cells: without empty columns at its end. known: how many are recognised."""

    row: int
    cells: Row
    known: int
    samples: list[Row] = field(default_factory=list)

    def refuse_bad(self) -> None:
        """Raise FileRefused when this is no header but data already."""
        numbers = sum(bool(re.fullmatch(r"\s*[0-9]{5,}\s*", cell)) for cell in self.cells)
        if not self.known and numbers:
            raise FileRefused("file.no_header", row=self.row)


def head_of(rows: Sequence[Row], kind: Kind) -> Head | None:
    """The row with most cells that are known as headers; where none is, the first with two cells. None: no row."""
    best: tuple[int, int] | None = None
    for index, cells in enumerate(rows[:LOOKED_AT]):
        known = columns.known(cells, kind)
        if known and (best is None or known > best[0]):
            best = known, index
    if best is None:
        several = [index for index, cells in enumerate(rows[:LOOKED_AT]) if sum(bool(c.strip()) for c in cells) > 1]
        some = several or [index for index, cells in enumerate(rows[:LOOKED_AT]) if any(c.strip() for c in cells)]
        if not some:
            return None
        best = 0, some[0]
    known, index = best
    cells = [one_line(cell)[:100] for cell in rows[index]]
    while cells and not cells[-1]:
        cells.pop()
    width = len(cells)
    following = [row for row in rows[index + 1 :] if any(cell.strip() for cell in row)][:SAMPLES]
    samples = [[cell.replace("\x00", "")[:100] for cell in (row + [""] * width)[:width]] for row in following]
    return Head(index + 1, cells, known, samples)
