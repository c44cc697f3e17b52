"""Reads delimited text: finds encoding, separator and header, and gives its rows fast (as bytes) or with patience.

The fast way hands Postgres the file's own bytes from the line after the header on. The patient way parses each row,
for files that Postgres would refuse: ragged rows, empty lines, mixed line ends. It decides nothing about values.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.ingest.look import BLOCK, LONGEST_LINE, Look, blocks
from services.ingest.shape import MOST_COLUMNS, Head, Row, head_of
from shared.arrears.batches import Kind
from shared.arrears.refusal import FileRefused

SEPARATORS = ";,\t|"
HEAD = 1 << 18  # characters in which title lines and header must end
SPANNED = 500  # lines that one row may take before a quote must have been left open
csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file whose header was found. start: bytes of the decoded text (as UTF-8) up to its first row."""

    path: Path
    seen: Look
    separator: str
    head: Head
    start: int
    line_end: str

    @property
    def fit_for_copy(self) -> bool:
        """Whether it is worth handing Postgres the bytes as they are."""
        return self.seen.quotes % 2 == 0 and self.line_end != "\r"

    @property
    def clean(self) -> bool:
        """Whether nothing odd stands in it and all its lines end alike."""
        return self.seen.clean and self.seen.returns == (self.seen.ends if self.line_end == "\r\n" else 0)


def open_text(path: Path, seen: Look, kind: Kind) -> Text:
    """Find separator and header. Raises FileRefused."""
    shown = "".join(_limited(decoded(path, seen), HEAD))
    line_end = "\r\n" if "\r\n" in shown else "\n" if "\n" in shown else "\r"
    whole = len(shown) < HEAD
    best: tuple[tuple[int, int], str, list[Row], list[int]] | None = None
    for separator in SEPARATORS:
        rows, ends = _first_rows(shown, separator, whole=whole)
        found = head_of(rows, kind)
        if found is None:
            continue
        rank = (found.known, len(found.cells))
        if best is None or rank > best[0]:
            best = rank, separator, rows, ends
    if best is None:
        several = max(shown.count(separator) for separator in SEPARATORS) > MOST_COLUMNS
        if several and not whole:
            raise FileRefused("file.too_many_columns", row=1, most=MOST_COLUMNS)
        raise FileRefused("file.empty")
    _, separator, rows, ends = best
    head = head_of(rows, kind)
    assert head is not None
    head.refuse_bad()
    start = len(shown[: ends[head.row - 1]].encode())
    if not head.samples and whole:
        raise FileRefused("file.header_only")
    return Text(path, seen, separator, head, start, line_end)


def _first_rows(shown: str, separator: str, *, whole: bool) -> tuple[list[Row], list[int]]:
    """The first rows and where each ends, in characters."""
    lines = [found[0] for found in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n|$)", shown)]
    taken = [0]

    def counted() -> Iterator[str]:
        for line in lines:
            taken[0] += len(line)
            yield line

    rows: list[Row] = []
    ends: list[int] = []
    try:
        for cells in csv.reader(counted(), delimiter=separator):
            if not whole and taken[0] >= len(shown):
                break  # the last one may be cut
            if len(cells) > MOST_COLUMNS and any(cell.strip() for cell in cells[MOST_COLUMNS:]):
                raise FileRefused("file.too_many_columns", row=len(rows) + 1, most=MOST_COLUMNS)
            rows.append(cells[:MOST_COLUMNS])
            ends.append(taken[0])
            if len(rows) >= 60:
                break
    except csv.Error:
        if not rows:
            raise FileRefused("file.line_too_long", row=1) from None
    return rows, ends


def _limited(pieces: Iterator[str], most: int) -> Iterator[str]:
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most <= 0:
            return


def decoded(path: Path, seen: Look) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(seen.encoding)("replace")
    for block in blocks(path, seen.skip):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def raw(text: Text, take: Callable[[bytes], None] | None = None) -> Iterator[bytes]:
    """The rows as UTF-8 bytes, from the first after the header to the last; no line break at the very end.

    take: sees each block of the file, from the first on, before it is given.
    """
    skip, held = text.start, b""
    for piece in _seen(blocks(text.path), take) if take else _utf8(text):
        if skip >= len(piece):
            skip -= len(piece)
            continue
        block = held + piece[skip:]
        skip = 0
        kept = block.rstrip(b"\r\n\x1a")
        held = block[len(kept) :]
        if kept:
            yield kept
    # what is held now are line breaks after the last row


def _seen(pieces: Iterator[bytes], take: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        take(piece)
        yield piece


def _utf8(text: Text) -> Iterator[bytes]:
    if text.seen.encoding == "utf-8":
        pieces: Iterator[bytes] = blocks(text.path, text.seen.skip)
    else:
        pieces = (piece.encode() for piece in decoded(text.path, text.seen))
    # Postgres cannot keep a NUL; another control character in its place is found when the row is checked.
    return (piece.replace(b"\x00", b"\x01") for piece in pieces) if text.seen.has_nul else pieces


def rows(text: Text) -> Iterator[tuple[int, Row]]:
    """(row number as a spreadsheet counts, cells) of every row after the header; empty lines count, and are empty.

    Raises FileRefused where a quote is never closed.
    """
    quotes = [0]

    def lines() -> Iterator[str]:
        rest = ""
        for piece in decoded(text.path, text.seen):
            whole = io.StringIO(rest + piece, newline="").readlines()
            rest = ""
            if whole and not whole[-1].endswith("\n"):
                rest = whole.pop()  # cut by the block's end, or a line end that may go on in the next block
            for line in whole:
                quotes[0] += line.count('"')
                yield line
            if len(rest) > 2 * BLOCK:
                raise FileRefused("file.line_too_long", row=number + 1)
        if rest:
            quotes[0] += rest.count('"')
            yield rest

    number = line_no = 0
    reader = csv.reader(lines(), delimiter=text.separator)
    try:
        for number, cells in enumerate(reader, 1):
            if number > text.head.row:
                if reader.line_num - line_no > SPANNED:
                    raise FileRefused("file.unbalanced_quote", row=number)
                yield number, [cell.replace("\x00", "\x01") for cell in cells]
            line_no = reader.line_num
    except csv.Error as error:
        code = "file.unbalanced_quote" if "limit" in str(error) else "file.unreadable"
        raise FileRefused(code, row=number + 1) from None
    if quotes[0] % 2:
        raise FileRefused("file.unbalanced_quote", row=number)
