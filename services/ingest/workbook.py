"""Reads the sheets of a large workbook row by row: no sheet, and not the texts they share, is ever whole in memory.

It takes what `look.check_zip` let through and gives the same text for each cell as `sheets` does. It writes nothing
but a temporary file of texts, which has no name.
"""

import os
import re
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from weakref import finalize
from xml.parsers import expat

from services.ingest.shape import MOST_COLUMNS, Row
from shared.arrears.refusal import FileRefused

PIECE = 1 << 16
MOST_HERE = 1_048_576  # rows of a sheet, as Excel has it
LONGEST_CELL = 1 << 20
SHEET = "/officeDocument/2006/relationships/worksheet"
DAYS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # formats of days and times that have no words
_UNSAID = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
Attributes = dict[str, str]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Book:
    """A workbook's visible sheets (name → part) and what its cells mean.

    days: the styles that show a day or time; since: the day 0. texts: a temporary file of the shared texts, closed when
    the book is gone; ends: where each of them ends.
    """

    path: Path
    sheets: dict[str, str]
    days: frozenset[str]
    since: datetime
    texts: int
    ends: "array[int]"


def open_book(path: Path) -> Book:
    """What is in it, without looking into a sheet; `rows` may be asked as often as one likes. Raises FileRefused."""
    targets: dict[str, str] = {}
    listed: list[tuple[str, str]] = []
    since = [datetime(1899, 12, 30)]  # noqa: DTZ001 a cell has no zone
    formats: dict[str, str] = {}
    styles: list[str] = []
    within: list[str] = []

    def relation(tag: str, given: Attributes) -> None:
        if tag == "Relationship" and given.get("Type", "").endswith(SHEET):
            target = given.get("Target", "")
            targets[given.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def about(tag: str, given: Attributes) -> None:
        if tag == "sheet" and given.get("state", "visible") == "visible":
            listed.append((given.get("name", ""), next((given[key] for key in given if key.endswith(":id")), "")))
        elif tag == "workbookPr" and given.get("date1904") in {"1", "true"}:
            since[0] = datetime(1904, 1, 1)  # noqa: DTZ001

    def style(tag: str, given: Attributes) -> None:
        if tag in {"cellXfs", "cellStyleXfs"}:
            within.append(tag)
        elif tag == "numFmt":
            formats[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif tag == "xf" and within[-1:] == ["cellXfs"]:
            styles.append(given.get("numFmtId", "0"))

    with zipfile.ZipFile(path) as archive:
        _read(archive, "xl/_rels/workbook.xml.rels", relation)
        _read(archive, "xl/workbook.xml", about)
        if "xl/styles.xml" in archive.namelist():
            _read(archive, "xl/styles.xml", style)
        with tempfile.TemporaryFile() as shared:
            ends = _keep_texts(archive, shared)
            texts = os.dup(shared.fileno())
    days = frozenset(str(place) for place, number in enumerate(styles) if _is_day(number, formats))
    book = Book(path, {name: targets[key] for name, key in listed if key in targets}, days, since[0], texts, ends)
    finalize(book, os.close, texts)
    return book


def _is_day(number: str, formats: dict[str, str]) -> bool:
    if number in formats:
        return re.search(r"[dmyhs]", _UNSAID.sub("", formats[number]), re.IGNORECASE) is not None
    return number.isdigit() and int(number) in DAYS


def rows(book: Book, name: str) -> Iterator[Row]:
    """Every row of a sheet from the first on, empty ones too. Raises FileRefused."""
    with zipfile.ZipFile(book.path) as archive:
        if book.sheets[name] not in archive.namelist():
            raise FileRefused("file.truncated")
        with archive.open(book.sheets[name]) as source:
            yield from _rows(source, book)


def _keep_texts(archive: zipfile.ZipFile, into: IO[bytes]) -> "array[int]":
    """Write the shared texts one after the other; where each ends."""
    ends = array("Q", [0])
    if "xl/sharedStrings.xml" not in archive.namelist():
        return ends
    words: list[str] = []
    state = {"text": False, "sound": False}
    length = 0

    def start(tag: str, _: Attributes) -> None:
        nonlocal length
        if tag == "si":
            words.clear()
            length = 0
        state["sound"] = state["sound"] or tag == "rPh"  # how a name is spoken, not written
        state["text"] = tag == "t" and not state["sound"]

    def end(tag: str) -> None:
        if tag == "si":
            ends.append(ends[-1] + into.write("".join(words).encode("utf-8", "replace")))
        state["text"] = False
        state["sound"] = state["sound"] and tag != "rPh"

    def said(text: str) -> None:
        nonlocal length
        if state["text"]:
            length += len(text)
            if length > LONGEST_CELL:
                raise FileRefused("file.unreadable")
            words.append(text)

    with archive.open("xl/sharedStrings.xml") as source:
        for _ in _parsed(source, start, end, said):
            pass
    into.flush()
    return ends


def _rows(source: IO[bytes], book: Book) -> Iterator[Row]:
    done: list[tuple[int, Row]] = []
    row: Row = []
    words: list[str] = []
    places: dict[str, int] = {}
    at = number = length = 0
    kind = look = ""
    heard = sound = False

    def start(tag: str, given: Attributes) -> None:
        nonlocal at, number, kind, look, heard, sound, row, length
        if tag == "c":
            where = given.get("r", "").rstrip("0123456789")
            at = places[where] if where in places else _place(where, len(row), number, places)
            kind, look = given.get("t", "n"), given.get("s", "")
            words.clear()
            length = 0
        elif tag in {"v", "t"}:
            heard = not sound
        elif tag == "row":
            said = given.get("r", "")
            number = int(said) if said.isdigit() else number + 1
            row = []
        elif tag == "rPh":
            sound = True

    def end(tag: str) -> None:
        nonlocal heard, sound
        heard = False
        if tag == "c":
            if words:
                if at >= len(row):
                    row.extend([""] * (at + 1 - len(row)))
                row[at] = _as_typed("".join(words), kind, look, book)
        elif tag == "row":
            done.append((number, row))
        elif tag == "rPh":
            sound = False

    def said(text: str) -> None:
        nonlocal length
        if heard:
            length += len(text)
            if length > LONGEST_CELL:
                raise FileRefused("file.line_too_long", row=number)
            words.append(text)

    given = 0
    for _ in _parsed(source, start, end, said):
        for number_of, cells in done:
            if not given < number_of <= MOST_HERE:
                raise FileRefused("file.truncated")
            while given + 1 < number_of:
                given += 1
                yield []
            given = number_of
            yield cells
        done.clear()


def _place(where: str, following: int, row: int, places: dict[str, int]) -> int:
    """Which column, from 0, the letters of a cell name; without any the next one."""
    found = 0 if where else following + 1
    for letter in where[:4]:
        found = found * 26 + ord(letter) - 64
    if len(where) > 3 or not 0 < found <= 10 * MOST_COLUMNS:
        raise FileRefused("file.too_many_columns", row=row, most=MOST_COLUMNS)
    if where:
        places[where] = found - 1
    return found - 1


def _as_typed(text: str, kind: str, look: str, book: Book) -> str:
    if kind == "s":
        place = int(text)
        if not 0 <= place < len(book.ends) - 1:
            raise FileRefused("file.truncated")
        begin = book.ends[place]
        return os.pread(book.texts, book.ends[place + 1] - begin, begin).decode("utf-8")
    if kind in {"str", "inlineStr", "e"}:
        return text
    if kind == "b":
        return "TRUE" if text.strip() == "1" else "FALSE"
    if kind == "d":
        return as_day(datetime.fromisoformat(text.strip()))
    if look in book.days:
        return _counted(float(text), book.since)
    if text.isdigit() and len(text) < 16:
        return str(int(text))
    value = float(text)
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value).upper()


def _counted(value: float, since: datetime) -> str:
    """A day and time as a workbook counts them: days since then; less than a day is a time alone."""
    seconds = timedelta(seconds=round(value * 86400))
    if 0 <= value < 1:
        return str((since + seconds).time())
    early = timedelta(days=1) if value < 60 and since.year < 1904 else timedelta()  # its 1900 has a 29th of February
    return as_day(since + seconds + early)


def as_day(moment: datetime) -> str:
    """2026-11-21, and the time where it is not midnight."""
    midnight = moment.hour == moment.minute == moment.second == 0
    return moment.date().isoformat() if midnight else moment.isoformat(sep=" ", timespec="seconds")


def _read(archive: zipfile.ZipFile, part: str, start: Callable[[str, Attributes], None]) -> None:
    """Hear every element of a small part. Raises FileRefused where it is not there."""
    if part not in archive.namelist():
        raise FileRefused("file.truncated")
    with archive.open(part) as source:
        for _ in _parsed(source, start, lambda _: None, lambda _: None):
            pass


def _parsed(
    source: IO[bytes],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    said: Callable[[str], None],
) -> Iterator[None]:
    """Parse a part a piece at a time, telling of its elements without a prefix. Raises FileRefused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def first(name: str, given: Attributes) -> None:
        """Almost every workbook's names have no prefix; hearing them as they are takes half the time."""
        if ":" in name:
            parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.StartElementHandler(name, given)

    def declared(*_: Any) -> None:
        raise FileRefused("file.unreadable")

    parser.StartDoctypeDeclHandler = declared  # an entity could be larger than all memory
    parser.StartElementHandler = first
    parser.CharacterDataHandler = said
    try:
        fed = 0
        while piece := source.read(PIECE):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > 4 * LONGEST_CELL:  # a tag without an end is kept until it has one
                raise FileRefused("file.unreadable")
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, ValueError, OverflowError) as error:
        raise FileRefused("file.truncated") from error
