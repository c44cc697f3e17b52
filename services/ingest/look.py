"""What a file is, told by its bytes and never by its name: one pass that costs a block of memory, however large it is.

Of a large text that begins plainly the pass may be the one that reads it: `Measure` sees the blocks go by.

It reads no cell. Whatever cannot be a table is refused here, with the reason as a code that people's words exist for.
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from services.ingest.shape import MOST_COLUMNS
from shared.arrears.refusal import FileRefused

BLOCK = 1 << 20
LONGEST_LINE = 1 << 20  # bytes without a line break; a row of a list has a few hundred
MOST_UNPACKED = 1536 << 20  # bytes; as many rows as Excel has, of 15 columns, are about half of that
MOST_TIMES = 200  # how much larger than its packed size a part may be, from a megabyte on
MOST_PARTS = 2000
SEPARATORS = (b";", b",", b"\t", b"|")
PLAIN = bytes(set(range(0x20, 0x7F)) - {ord("<")}) + b"\r\n"
SPACED = re.compile(rb' [ ;,|"\r\n]')
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"), (b"Rar!", "RAR"), (b"\x7fELF", "ELF"), (b"MZ", "EXE"), (b"BZh", "BZIP2"),
    (b"\xfd7zXZ", "XZ"), (b"SQLite", "SQLite"), (b"{\\rtf", "RTF"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. skip: bytes of a mark at the beginning; quotes, ends, returns: how many ", LF and CR stand in it.

    clean: every byte is printable ASCII or ends a line, and none is a <; no two spaces stand together, none at a cell's
    end. lines: with the last one, whether it is ended or not. Both are only told of text in one-byte signs.
    unpacked: bytes of a workbook's parts. measured: whether more than the beginning of a text was seen.
    """

    form: Literal["text", "html", "xlsx"]
    encoding: str = "utf-8"
    skip: int = 0
    has_nul: bool = False
    quotes: int = 0
    size: int = 0
    clean: bool = False
    lines: int = 0
    ends: int = 0
    returns: int = 0
    unpacked: int = 0
    measured: bool = True


def blocks(path: Path, skip: int = 0) -> Iterator[bytes]:
    """The file, a megabyte at a time."""
    with path.open("rb") as file:
        file.seek(skip)
        while block := file.read(BLOCK):
            yield block


def look(path: Path, *, later: bool = False) -> Look:
    """Tell what a file is. later: a large text that begins plainly is left to be measured. Raises FileRefused."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise FileRefused("file.empty")
    if head.startswith(b"PK"):
        return Look("xlsx", size=size, unpacked=check_zip(path))
    if head.startswith(OLE):
        names = (b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d", b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00i\x00o\x00n")
        locked = any(name in block for block in blocks(path) for name in names)
        raise FileRefused("file.encrypted" if locked else "file.old_excel")
    for magic, what in MAGIC:
        if head.startswith(magic):
            raise FileRefused("file.binary", what=what)
    if later and size > BLOCK and b"\n" in head and not head.translate(None, PLAIN):
        return Look("text", size=size, measured=False)
    seen = _text(path, head)
    start = head[seen.skip :].decode(seen.encoding, "replace").lstrip()[:2000].lower()
    if start.startswith("<") and ("<table" in start or "<html" in start or "<!doctype html" in start):
        return replace(seen, form="html")
    if start.startswith("<?xml"):
        raise FileRefused("file.binary", what="XML")
    return seen


def _text(path: Path, head: bytes) -> Look:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
                           (codecs.BOM_UTF16_BE, "utf-16-be")):  # fmt: skip
        if head.startswith(mark):
            return _measured(path, encoding, len(mark))
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(len(head[:4096]) // 2, 1)
    if odd > half * 0.4 and even < half * 0.1:
        return _measured(path, "utf-16-le", 0)
    if even > half * 0.4 and odd < half * 0.1:
        return _measured(path, "utf-16-be", 0)
    strange = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head[:8192]))
    if strange > max(len(head[:8192]) // 20, 4):
        raise FileRefused("file.unreadable")
    return _measured(path, "utf-8", 0)


@dataclass(slots=True)
class Measure:
    """What is found in a text as its blocks go by: does it decode, its longest line, how many quotes, is there a NUL.

    encoding: the one it must be in, or "utf-8", which it need not be. skip: bytes of a mark before the first block.
    """

    encoding: str
    skip: int = 0
    decoder: codecs.IncrementalDecoder | None = None
    size: int = 0
    quotes: int = 0
    line: int = 0  # bytes since the last line break
    lines: int = 0
    newlines: int = 0
    returns: int = 0
    has_nul: bool = False
    clean: bool = True
    last: bytes = b""

    def __post_init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder(self.encoding)()
        self.clean = not self.wide

    @property
    def wide(self) -> bool:
        """Whether a sign has two bytes."""
        return self.encoding.startswith("utf-16")

    def take(self, block: bytes) -> None:
        """See the next block. Raises FileRefused."""
        self.size += len(block)
        self.clean = self.clean and not block.translate(None, PLAIN) and not _spaced(block, self.last)
        broken = block.count(b"\n")
        self.newlines += broken
        self.returns += block.count(b"\r")
        self.last = block[-1:]
        self._decode(block)
        self.quotes += block.count(b'"')
        self.has_nul = self.has_nul or (not self.wide and b"\x00" in block)
        ends = block.count("\n".encode(self.encoding)) if self.wide else broken
        ends = ends or block.count("\r".encode(self.encoding))
        if not ends:
            self.line += len(block)
            if self.line > LONGEST_LINE:
                raise _too_long(block, self.lines + 1)
            return
        mark = b"\n" if b"\n" in block else b"\r"
        if self.line + block.find(mark) > LONGEST_LINE:
            raise _too_long(block[: block.find(mark)], self.lines + 1)
        self.line = len(block) - block.rfind(mark)
        self.lines += ends

    def _decode(self, block: bytes) -> None:
        if self.decoder is None or (block.isascii() and not self.wide and not self.decoder.getstate()[0]):
            return
        try:
            self.decoder.decode(block)
        except UnicodeDecodeError:
            if self.wide:
                raise FileRefused("file.unreadable") from None
            self.decoder = None  # not UTF-8: Windows-1252, in which almost every byte means something

    def end(self) -> Look:
        """What was seen, once every block went by. Raises FileRefused."""
        if self.decoder is not None:
            try:
                self.decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                if self.wide:
                    raise FileRefused("file.truncated") from None
                self.decoder = None
        return Look(
            "text", self.encoding if self.decoder is not None else "cp1252", self.skip, self.has_nul, self.quotes,
            self.skip + self.size, clean=self.clean and self.last != b" ",
            lines=self.newlines + (self.last != b"\n"), ends=self.newlines, returns=self.returns,
        )  # fmt: skip


def _measured(path: Path, encoding: str, skip: int) -> Look:
    """Read it all once."""
    measure = Measure(encoding, skip)
    for block in blocks(path, skip):
        measure.take(block)
    return measure.end()


def _too_long(piece: bytes, row: int) -> FileRefused:
    """What is wrong with a row that has no end, by a piece of it."""
    if max(piece.count(separator) for separator in SEPARATORS) > MOST_COLUMNS:
        return FileRefused("file.too_many_columns", row=row, most=MOST_COLUMNS)
    return FileRefused("file.line_too_long", row=row)


def _spaced(block: bytes, last: bytes) -> bool:
    """Whether two spaces stand together or one at a cell's end. last: the byte before the block."""
    return bool(SPACED.search(block) or SPACED.match(last + block[:1]))


def check_zip(path: Path) -> int:
    """Refuse what a workbook must not be, by its directory first and then by unpacking it into nothing.

    Returns how many bytes it has unpacked. Raises FileRefused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(archive.infolist())
            for part in archive.infolist():
                _unpack(archive, part)
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise FileRefused("file.truncated") from error


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename.lower() for part in parts}
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise FileRefused("file.bomb")
    for part in parts:
        if part.flag_bits & 0x1:
            raise FileRefused("file.encrypted")
        if part.file_size > BLOCK and part.file_size > MOST_TIMES * max(part.compress_size, 1):
            raise FileRefused("file.bomb")
    if any(name.endswith(("vbaproject.bin", ".xlm")) or "macrosheets/" in name for name in names):
        raise FileRefused("file.macro")
    if "xl/workbook.xml" not in names:
        raise FileRefused("file.binary", what="ZIP")


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end: no more than its stated size comes out, and its checksum tells when that was a lie."""
    with archive.open(part) as unpacked:
        first = True
        while block := unpacked.read(BLOCK):
            if first and part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in block[:4096]:
                raise FileRefused("file.unreadable")
            first = False
