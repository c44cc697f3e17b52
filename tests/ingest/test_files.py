"""What a file is, is told by its bytes; whatever cannot be a table is refused with a sentence, in flat memory."""

import io
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from services.ingest import load, sheets, text
from services.ingest.look import Look, look
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


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STYLES = f"""<styleSheet {MAIN}><numFmts count="3"><numFmt numFmtId="170" formatCode="dd/mm/yyyy&quot; WIB&quot;"/>
<numFmt numFmtId="171" formatCode="#,##0 &quot;days&quot;"/><numFmt numFmtId="172" formatCode="[Red]0.00\\d"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/>
<xf numFmtId="171"/><xf numFmtId="172"/><xf numFmtId="22"/><xf numFmtId="20"/></cellXfs></styleSheet>"""
SHARED = f"""<sst {MAIN}><si><t>SND</t></si><si><r><t>NA</t></r><r><t xml:space="preserve">MA </t></r><rPh>
<t>dibaca</t></rPh></si><si><t>Ñuri &amp; Café</t></si><si><t/></si></sst>"""
CELLS = f"""<worksheet {MAIN}><sheetData>
<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="D2" t="inlineStr"><is><t>STO</t></is></c>
<c r="E2" t="str"><f>A1&amp;"x"</f><v>TAGIHAN</v></c></row>
<row r="5"><c r="A5"><v>152320000001</v></c><c r="B5" t="s"><v>2</v></c><c r="C5" t="b"><v>1</v></c>
<c r="D5" t="s"><v>3</v></c><c r="E5"><v>412500.0</v></c><c r="F5" s="1"><v>46347</v></c>
<c r="G5" s="2"><v>46347</v></c><c r="H5" s="3"><v>12</v></c><c r="I5" s="4"><v>0.5</v></c>
<c r="J5" s="5"><v>46347.25</v></c>
<c r="K5" s="6"><v>0.75</v></c><c r="L5"><v>1.5E+20</v></c><c r="AB5"><v>-3</v></c></row>
</sheetData></worksheet>"""


def both(path: Path, content: bytes) -> list[list[tuple[int, list[str]]]]:
    """All rows of a workbook as it is read at once, and as it is read row by row."""
    file = path / "buku"
    file.write_bytes(content)
    seen = look(file)
    said = []
    for size in (seen.unpacked, sheets.WHOLE + 1):
        grid = sheets.open_workbook(file, Look("xlsx", size=seen.size, unpacked=size), Kind.ARREARS, None)
        said.append([(number, cells + [""] * (30 - len(cells))) for number, cells in sheets.rows(grid)])
    return said


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_a_large_workbook_is_read_row_by_row_as_a_small_one_is_at_once(tmp_path: Path, prefix: str) -> None:
    parts = {"xl/styles.xml": STYLES, "xl/sharedStrings.xml": SHARED, "xl/worksheets/sheet1.xml": CELLS}
    if prefix:
        parts = {
            name: re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}", part).replace("xmlns=", "xmlns:x=")
            for name, part in parts.items()
        }
    content = workbook({"Nov": [["", ""]]}, more={name: part.encode() for name, part in parts.items()})
    at_once, streamed = both(tmp_path, content)
    assert streamed == at_once
    assert streamed[-1][1][:12] == [
        "152320000001", "Ñuri & Café", "TRUE", "", "412500", "2026-11-21", "2026-11-21", "12", "0.5",
        "2026-11-21 06:00:00", "18:00:00", "1.5E+20",
    ]  # fmt: skip
    assert (streamed[-1][0], streamed[-1][1][27]) == (5, "-3")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * 3_000_000}</t></is></c></row>', "file.line_too_long"),
        (f'<row r="1" spans="{"1" * 9_000_000}"><c r="A1"><v>1</v></c></row>', "file.unreadable"),
        ('<row r="1">' + "<c><v>1</v></c>" * 3000 + "</row>", "file.too_many_columns"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "file.too_many_columns"),
        ('<row r="2000000"><c r="A2000000"><v>1</v></c></row>', "file.truncated"),
        ('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "file.truncated"),
        ('<row r="1"><c r="A1"><v>1</v>', "file.truncated"),
    ],
)
def test_a_large_workbook_that_is_none_is_refused_in_flat_memory(tmp_path: Path, cells: str, code: str) -> None:
    sheet = f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>".encode()
    file = tmp_path / "buku"
    file.write_bytes(workbook({"Nov": [["", ""]]}, more={"xl/worksheets/sheet1.xml": sheet}))
    tracemalloc.start()
    with pytest.raises(FileRefused) as refusal:
        sheets.open_workbook(file, Look("xlsx", unpacked=sheets.WHOLE + 1), Kind.ARREARS, None)
    assert refusal.value.code == code
    assert tracemalloc.get_traced_memory()[1] < 16_000_000
    tracemalloc.stop()


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
    for many in (b"A;" * 1_000_000 + b"\n", b"A;B\n1;2\n" + b"A;" * 3_000_000):
        wide = refused(tmp_path, many)
        assert (wide.code, wide.params["row"]) == ("file.too_many_columns", 1 if many.startswith(b"A;A") else 3)
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
