"""Rows of a table as Excel keeps them, put into a workbook that has all but its rows.

The writing library makes that workbook: its styles, header, widths, filter and page. Rows are most of a file and are
alike, so they are written here, a column of a batch at a time, and packed by another thread meanwhile; the library does
one after the other. No cell is ever a formula.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

BATCH = 1_000  # rows: some 800 kilobytes of XML
LONGEST = 32_767  # characters that a cell holds
LARGEST = 2_000_000_000  # bytes of one sheet's XML, which a plain zip file can hold
LEVEL = 1  # of packing: a third of the time of the usual one, for a fifth more bytes

_BEGINNING = datetime(1899, 12, 30)  # noqa: DTZ001 a serial number of Excel counts days of the wall clock
_FIRST_DAY = _BEGINNING.toordinal()
_SECOND, _DAY = timedelta(seconds=1), 86_400
_SPECIAL = ("&", "<", ">", "_x", " |", "| ")  # markup, what looks unseen, and a space at an end
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")  # what XML may not hold
_LOOKS_UNSEEN = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class TooManyRows(ValueError):  # noqa: N818 a sentence, not a suffix
    """More rows than a sheet of Excel holds."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a sheet, each as long as its header. head: the header's row, from 1.

    numbers: which columns are numbers, where the rows are pieces of a copy by Postgres; empty where cells have types.
    """

    head: int
    rows: Iterable[Any]
    numbers: Sequence[bool] = ()


def fill(target: BinaryIO, frame: BinaryIO, tables: Sequence[Table], most: int) -> None:
    """Copy the workbook `frame` to `target` with rows in its sheets, a table for each.

    most: rows that a sheet may have. Raises TooManyRows, and ValueError for a row that is too short or too long.
    """
    with zipfile.ZipFile(frame) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as new:
        last: list[int] = []
        for number, table in enumerate(tables, 1):
            name = f"xl/worksheets/sheet{number}.xml"
            with new.open(name, "w") as file:
                last.append(_fill_one(file, old.read(name).decode(), table, most))
        for name in old.namelist():
            if name == "xl/workbook.xml":
                new.writestr(name, _filtered(old.read(name).decode(), last))
            elif not name.startswith("xl/worksheets/sheet"):
                new.writestr(name, old.read(name))


def _fill_one(file: Any, xml: str, table: Table, most: int) -> int:
    """Write one sheet; the number of its last row."""
    head = table.head
    cut = xml.index("</row>", xml.index(f'<row r="{head}"')) + len("</row>")
    styles = re.findall(r'<col min="(\d+)" max="(\d+)"[^>]* style="(\d+)"', xml)
    looks = [style for first, final, style in styles for _ in range(int(first), int(final) + 1)]
    file.write(re.sub(r"<dimension [^>]*/>", "", xml[:cut]).encode())
    written = size = 0
    with ThreadPoolExecutor(1) as packer:
        packing: Future[Any] | None = None
        for columns in _copied(table.rows, len(looks)) if table.numbers else _typed(table.rows):
            first, written = head + 1 + written, written + len(columns[0])
            if written > most:
                raise TooManyRows
            piece = "".join(_lines(columns, looks, table.numbers, first)).encode()
            size += len(piece)
            if size > LARGEST:
                raise TooManyRows
            if packing is not None:
                packing.result()
            packing = packer.submit(file.write, piece)
        if packing is not None:
            packing.result()
    tail = xml[xml.index("</sheetData>") :]
    end = head + max(written, 1)
    file.write(re.sub(r'(<autoFilter ref="[A-Z]+\d+:[A-Z]+)\d+"', rf'\g<1>{end}"', tail).encode())
    return end


def _filtered(workbook: str, last: Sequence[int]) -> str:
    """The names of a workbook, among them which rows each sheet's filter is for."""
    for sheet, end in enumerate(last):
        begin = rf'(<definedName name="_xlnm\._FilterDatabase" localSheetId="{sheet}"[^>]*>[^<]*\$)'
        workbook = re.sub(begin + r"\d+", rf"\g<1>{end}", workbook)
    return workbook


def _typed(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """The columns of some rows at a time."""
    coming = iter(rows)
    while batch := list(islice(coming, BATCH)):
        yield list(zip(*batch, strict=True))


def _copied(pieces: Iterable[bytes], width: int) -> Iterator[list[Sequence[Any]]]:
    """The columns of some rows at a time, of lines as COPY writes them: cells between tabs, escaped."""
    for piece in pieces:
        text = piece.decode()
        cells = text[:-1].replace("\n", "\t").split("\t")
        if "\\" in text:
            cells = [_ESCAPED.sub(_meant, cell) for cell in cells]
        if len(cells) % width:
            raise ValueError("a row is shorter or longer than the header")
        yield [cells[place::width] for place in range(width)]


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def _meant(found: re.Match[str]) -> str:
    return _MEANT.get(found[1], found[1])


def _lines(
    columns: Sequence[Sequence[Any]], looks: Sequence[str], numbers: Sequence[bool], first: int
) -> Iterator[str]:
    """Rows as XML, of their columns; the first has the number `first`."""
    if len(columns) != len(looks):
        raise ValueError(f"a row is {'shorter' if len(columns) < len(looks) else 'longer'} than the header")
    told = numbers or [False] * len(looks)
    cells = [
        (_told if told[place] else _cells)(column, letters(place), looks[place], first)
        for place, column in enumerate(columns)
    ]
    for number, row in enumerate(zip(*cells, strict=True), first):
        yield f'<row r="{number}">{"".join(row)}</row>'


def letters(place: int) -> str:
    """A column's name: A for 0, AA for 26."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _told(column: Sequence[str], name: str, look: str, first: int) -> list[str]:
    """The cells of a column whose numbers are texts."""
    return [f'<c r="{name}{n}" s="{look}"><v>{text}</v></c>' if text else "" for n, text in enumerate(column, first)]


def _cells(column: Sequence[Any], name: str, look: str, first: int) -> list[str]:
    """A column's cells; what is empty has none, for the column has its look itself."""
    kinds = set(map(type, column)) - {type(None)}
    begin = f'<c r="{name}'
    if kinds <= {str} and _plain(column):
        middle, end = f'" s="{look}" t="inlineStr"><is><t>', "</t></is></c>"
        return [f"{begin}{n}{middle}{text}{end}" if text else "" for n, text in enumerate(column, first)]
    if kinds <= {datetime}:
        column = [value and (value - _BEGINNING) // _SECOND / _DAY for value in column]
        kinds = {float}
    if kinds <= {int, float}:
        middle = f'" s="{look}"><v>'
        numbers = enumerate(column, first)
        return [f"{begin}{n}{middle}{value!r}</v></c>" if value is not None else "" for n, value in numbers]
    made = (None if value is None or value == "" else _cell(value) for value in column)
    return [f'{begin}{n}" s="{look}"{cell}</c>' if cell else "" for n, cell in enumerate(made, first)]


def _plain(texts: Iterable[str | None]) -> bool:
    """Whether all of them may stand as they are; what may not, and some that may, are looked at one by one."""
    said = [text for text in texts if text]
    together = f"|{'|'.join(said)}|"
    return (
        together.isprintable()
        and not any(sign in together for sign in _SPECIAL)
        and max(map(len, said), default=0) <= LONGEST
    )


def _cell(value: Any) -> str:
    """What stands in one cell, after its name and look."""
    read = next((read for kind, read in _READ if isinstance(value, kind)), None)
    if read is not None:
        return read(value)
    text = str(value)[:LONGEST]
    kept = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    return f' t="inlineStr"><is><t{kept}>{escaped(text)}</t></is>'


_READ: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: f' t="b"><v>{int(value)}</v>'),
    (datetime, lambda value: f"><v>{(value - _BEGINNING) // _SECOND / _DAY!r}</v>"),
    (date, lambda value: f"><v>{value.toordinal() - _FIRST_DAY}</v>"),
    (int, lambda value: f"><v>{int(value)}</v>"),
    (float, lambda value: f"><v>{value!r}</v>"),
    (Decimal, lambda value: f"><v>{value}</v>"),
)
"""Kinds that are not text, the narrower before the wider."""


def escaped(text: str) -> str:
    """A text for XML; what XML may not hold is written as Excel does, _x0007_, and what looks so is marked."""
    text = _LOOKS_UNSEEN.sub("_x005F_", text)
    text = "".join(_MARKUP.get(sign, sign) for sign in text)
    return _UNSEEN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
