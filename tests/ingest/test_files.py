"""What a file is, is told by its bytes; whatever cannot be a table is refused with a sentence, in flat memory."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from services.ingest import load, sheets, text
from services.ingest.text import Text
from shared.arrears import say
from shared.arrears.batches import Kind
from shared.arrears.refusal import FileRefused
from tests.ingest.books import workbook
from tests.ingest.conftest import HEADER, line, listed

ROWS = [line(1), line(2, name="Bu Ñuri – Café"), line(3)]
GRID = [HEADER.split(";"), *(row.split(";") for row in ROWS)]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504


def read(path: Path, content: bytes, sheet: str | None = None) -> tuple[load.Table, list[tuple[int, list[str]]]]:
    """Open a file, and all its rows."""
    file = path / "berkas"
    file.write_bytes(content)
    table = load.open_table(file, Kind.ARREARS, sheet)
    rows = text.rows(table) if isinstance(table, Text) else sheets.rows(table)
    return table, [(number, cells[: len(table.head.cells)]) for number, cells in rows]


def refused(path: Path, content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refusal:
        read(path, content)
    for language in ("id", "en"):
        why, mend = say.trouble({"code": refusal.value.code, "params": refusal.value.params}, language)
        assert "…" not in why + mend, why
        assert why != say.TROUBLE["failed"][0][language == "en"]
    return refusal.value


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_text_of_any_making_reads_the_same(tmp_path: Path, separator: str, encoding: str, line_end: str) -> None:
    content = line_end.join(row.replace(";", separator) for row in (HEADER, *ROWS)) + line_end
    table, rows = read(tmp_path, content.encode(encoding))
    assert isinstance(table, Text)
    assert (table.separator, table.head.row, table.head.cells) == (separator, 1, GRID[0])
    assert rows == list(enumerate(GRID[1:], 2))
    if line_end != "\r":
        assert b"".join(text.raw(table)).decode() == content.partition(line_end)[2].rstrip()


def test_title_lines_stand_above_the_header_and_empty_columns_at_its_end(tmp_path: Path) -> None:
    lines = ["Daftar Tunggakan;;", "", "Per 20 November 2026", HEADER + ";;;", *(row + ";;;" for row in ROWS)]
    table, rows = read(tmp_path, "\n".join(lines).encode())
    assert (table.head.row, table.head.cells) == (4, GRID[0])
    assert [number for number, _ in rows] == [5, 6, 7]
    assert rows[0][1] == GRID[1]


def test_a_quoted_cell_may_hold_line_breaks_separators_and_quotes(tmp_path: Path) -> None:
    row = '152320000001;"Toko ""Maju""; Jaya";"Jl. Satu\r\nBlok B";0812;SDA;2P;1000;1'
    table, rows = read(tmp_path, listed(row, line(2)))
    assert rows[0][1][1:3] == ['Toko "Maju"; Jaya', "Jl. Satu\r\nBlok B"]
    assert rows[1][0] == 3
    assert isinstance(table, Text)
    assert table.fit_for_copy


def test_a_workbook_is_read_from_its_best_sheet_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    other = [["SND", "Nama", "STO", "Tagihan"], ["152320000009", "Ani", "TUN", 5000.0]]
    content = workbook({"Catatan": [["halo"]], "Nov": GRID, "Okt": other}, first_row=3)
    table, rows = read(tmp_path, content)
    assert isinstance(table, sheets.Grid)
    assert (table.sheet, table.sheets, table.head.row) == ("Nov", ("Catatan", "Nov", "Okt"), 3)
    assert rows[0] == (4, GRID[1])
    table, rows = read(tmp_path, content, "Okt")
    assert rows == [(4, ["152320000009", "Ani", "TUN", "5000"])]


def test_an_html_table_named_xls_is_read_without_its_scripts(tmp_path: Path) -> None:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in GRID)
    page = f"<html><script>var td='<td>1</td>'</script><h1>Judul</h1><table><tr><th colspan=8>X</th></tr>{body}</table>"
    table, rows = read(tmp_path, page.encode("cp1252", "xmlcharrefreplace"))
    assert (table.head.row, table.head.cells) == (2, GRID[0])
    assert rows == list(enumerate(GRID[1:], 3))


def broken_zip() -> bytes:
    return workbook({"Nov": GRID})[:-400]


def bomb() -> bytes:
    return workbook({"Nov": GRID}, more={"xl/media/besar.xml": b"0" * 60_000_000})


def lying_zip() -> bytes:
    """A part whose directory says a thousandth of what comes out of it."""
    content = bytearray(workbook({"Nov": GRID}, more={"xl/z.xml": b"A" * 900_000}))
    at = content.index(b"xl/z.xml", content.rindex(b"PK\x01\x02")) - 46
    content[at + 24 : at + 28] = struct.pack("<I", 900)
    return bytes(content)


def locked_zip() -> bytes:
    content = bytearray(workbook({"Nov": GRID}))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def plain_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.csv", "a;b")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "file.empty"),
        (HEADER.encode() + b"\r\n", "file.header_only"),
        (HEADER.encode(), "file.header_only"),
        (b"152320000001;Budi;SDA;1000\n152320000002;Ani;SDA;2000\n", "file.no_header"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "file.binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "file.binary"),
        (b"\x1f\x8b\x08\x00" + bytes(100), "file.binary"),
        (plain_zip(), "file.binary"),
        (bytes(range(1, 32)) * 400, "file.unreadable"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "file.encrypted"),
        (OLE, "file.old_excel"),
        (locked_zip(), "file.encrypted"),
        (workbook({"Nov": GRID}, more={"xl/vbaProject.bin": b"x"}), "file.macro"),
        (workbook({"Nov": GRID}, more={"xl/evil.xml": b'<?xml version="1.0"?><!DOCTYPE x []><x/>'}), "file.unreadable"),
        (workbook({"Nov": GRID}, more={f"xl/{n}.xml": b"" for n in range(2100)}), "file.bomb"),
        (workbook({"Nov": [[""]]}), "file.empty"),
        (bomb(), "file.bomb"),
        (lying_zip(), "file.truncated"),
        (broken_zip(), "file.truncated"),
        ((";".join("k" * 1 for _ in range(100_000)) + "\n").encode(), "file.too_many_columns"),
        ((HEADER + "\n").encode("utf-16") + b"\x00", "file.truncated"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes, code: str) -> None:
    assert refused(tmp_path, content).code == code


def test_a_million_columns_and_a_line_without_end_cost_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "panjang"
    with file.open("wb") as out:
        out.write(HEADER.encode() + b"\n" + line(1).encode() + b"\n")
        for _ in range(200):
            out.write(b"x" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(FileRefused) as refusal:
        load.open_table(file, Kind.ARREARS, None)
    assert tracemalloc.get_traced_memory()[1] < 12_000_000
    tracemalloc.stop()
    assert (refusal.value.code, refusal.value.params) == ("file.line_too_long", {"row": 3})
    tracemalloc.start()
    assert refused(tmp_path, b"A;" * 1_000_000 + b"\n").code == "file.line_too_long"
    assert (
        refused(tmp_path, HEADER.encode() + b";" * 250_000 + b"x\n" + ROWS[0].encode()).code == "file.too_many_columns"
    )
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()


def test_a_quote_that_is_never_closed_is_named_with_its_row(tmp_path: Path) -> None:
    content = listed(line(1), line(2).replace("Budi", '"Budi'), *(line(number) for number in range(3, 2000)))
    refusal = refused(tmp_path, content)
    assert (refusal.code, refusal.params) == ("file.unbalanced_quote", {"row": 3})
    short = refused(tmp_path, listed(line(1), line(2).replace("Budi", '"Budi'), line(3)))
    assert (short.code, short.params) == ("file.unbalanced_quote", {"row": 3})
