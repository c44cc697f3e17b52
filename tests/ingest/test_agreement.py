"""What SQL takes for plain, and how it reads it, is what `rows.read` says of the same cells: one truth, two ways."""

import random
from pathlib import Path
from re import fullmatch
from typing import Any

import pytest
from sqlalchemy import select

from services.ingest.look import look
from shared.arrears import columns, imports, rows
from shared.arrears.batches import Kind
from shared.arrears.models import Account
from shared.arrears.plain import COLUMN, SHAPE
from shared.arrears.rows import Places
from shared.db import transaction
from shared.places.models import Sto
from tests.ingest.conftest import Desk

HEADER = [
    "Nomor Internet", "Nama", "Alamat", "No HP", "STO", "Datel", "Produk", "Tagihan", "Lama Tunggakan", "Umur Customer",
    "Segmen", "Petugas", "Status Bayar", "Tgl Paid", "Lainnya",
]  # fmt: skip
POOL: dict[str, list[str]] = {
    "name": [
        "Budi",
        " Budi",
        "Budi  Santoso",
        "=1+1",
        "'=1+1",
        "-",
        "Bu Ñuri",
        "",
        " ",
        "a|b",
        "|=x",
        "<b>x</b>",
        "A\x01b",
        "O'Neil",
        "x" * 600,
        "5 Saudara",
        "@toko",
        "王",
        "Budi\tS",
        "a<b",
        "Café",
    ],
    "address": ["Jl. A No. 1", "", " Jl. B ", "Jl.  C", "=cmd", "'-5", "Jl. D\nBlok E", "-", "+", "# 12", "jl|+1"],
    "phone": [
        "0812345678",
        "+62 812-345",
        "0812 / 0813; 0814",
        "",
        " 0812",
        "0812  3",
        "6,28E+12",
        "rumah",
        "'0812",
        "(031) 5",
    ],
    "sto": ["SDA", "sda", " SDA ", "S-DA", "XXQ", "", "TUN", "SD", "SPJ"],
    "amount": [
        "0",
        "1",
        "412500",
        "412.500",
        "412,500",
        "1.284,500",
        "Rp 412.500",
        "Rp.412.500,-",
        "Rp412500",
        "rp 5",
        "IDR 5",
        "412.500,00",
        "412,500.00",
        "412500.0",
        "412500,5",
        "12.5",
        "1.2.3",
        "",
        "lunas",
        "-5",
        "(5)",
        "5,-",
        "500rb",
        "1,5jt",
        "999999999999999",
        "1000000000000000",
        "00000000000001",
        "12345678901234567",
        "1.000.000.000.000",
        "Rp. 5",
        "Rp  5",
        "5.00",
        "5.0",
        "1.000,0",
        " 5",
        "0.00",
        "Rp 0",
        "412 500",
        "1.000.00",
    ],
    "months": ["2", "02", "", "4.0", "3 bulan", "999", "1000", "x", "-1", " 2"],
    "age": ["", "12", "120 bln", "?"],
    "status": ["", "Lunas", "LUNAS", " paid ", "Belum", "sudah  bayar", "SUDAH BAYAR"],
    "paid_on": [
        "",
        "2026-11-21",
        "21/11/2026",
        "2026-02-31",
        "2026-13-01",
        "11/21/2026",
        "46347",
        "besok",
        " ",
        "2026-1-2",
    ],
    "internet": ["12345", "1,52E+11", "", "1523 2000 0001 2", "152-320-000-777"],
    "other": ["", "merah", " biru ", "=1"],
}
MAPPING = [*columns.guess(HEADER[:-1], Kind.ARREARS), columns.EXTRA]


HARMLESS = "(?!.*  )(?!.* $)[ -;=-~]*"  # what a file may hold throughout and be clean
CLEAN = {name: [cell for cell in pool if fullmatch(HARMLESS, cell)] for name, pool in POOL.items()}


def a_row(dice: random.Random, number: int, pool: dict[str, list[str]]) -> list[str]:
    """Mostly plain cells, here and there something else."""

    def cell(name: str) -> str:
        return dice.choice(pool[name]) if dice.random() < 0.5 else pool[name][0]

    internet = f"1523200{number:05d}" if dice.random() < 0.95 else dice.choice(pool["internet"])
    return [internet, cell("name"), cell("address"), cell("phone"), cell("sto"), cell("other"), cell("address"),
            cell("amount"), cell("months"), cell("age"), cell("other"), cell("other"), cell("status"), cell("paid_on"),
            cell("other")]  # fmt: skip


def as_file(given: list[list[str]]) -> bytes:
    quoted = (";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (HEADER, *given))
    return ("\r\n".join(quoted) + "\r\n").encode()


@pytest.mark.parametrize("clean", [False, True])
async def test_sql_and_python_read_every_cell_alike(desk: Desk, tmp_path: Path, clean: bool) -> None:
    dice = random.Random(7)
    given = [a_row(dice, number, CLEAN if clean else POOL) for number in range(1500)]
    (tmp_path / "berkas").write_bytes(as_file(given))
    assert look(tmp_path / "berkas").clean == clean
    batch = await desk.upload(as_file(given))
    remembered = await desk.act(imports.choose, batch, MAPPING)
    async with transaction() as session:
        places = Places({each.code: each.id for each in (await session.scalars(select(Sto))).all()}, None)
    refused = await desk.refusals(remembered)
    await desk.apply(remembered)
    kept: dict[str, Account] = {account.internet_no: account for account in (await desk.accounts()).values()}
    plain = seen = 0
    numbers: set[str] = set()
    for row_no, cells in enumerate(given, 2):
        line = rows.read(cells, MAPPING, HEADER, places)
        codes = [problem["code"] for problem in line.refused]
        number = line.values.get("internet")
        if number in numbers:
            codes.append("internet.same_as")
        numbers |= {number} if number else set()
        assert refused.get(row_no, []) == codes, (row_no, cells)
        if codes:
            continue
        account: Any = kept[line.values["internet"]]
        for name, _ in SHAPE:
            assert getattr(account, COLUMN.get(name, name)) == line.values[name], (name, cells)
        seen += 1
        plain += not line.warned
    assert seen > 400
    assert plain > 100
