"""Every row is checked for everything that can be wrong with it; what is odd but usable is taken and said."""

from pathlib import Path

import pytest

from shared.arrears import say
from shared.arrears.batches import BatchState
from shared.arrears.models import AccountState
from tests.ingest.conftest import HEADER, Desk, line, listed

MANY = 2500


async def test_all_that_is_wrong_with_a_row_is_said_at_once(desk: Desk) -> None:
    batch = await desk.upload(listed("12345;;Jl. A;0812;XXQ;2P;-5;1", line(2)))
    assert await desk.refusals(batch) == {
        2: ["internet.not_12_digits", "name.missing", "sto.unknown", "amount.negative"]
    }
    assert batch.problems["refused"] == dict.fromkeys(
        ["internet.not_12_digits", "name.missing", "sto.unknown", "amount.negative"], 1
    )


async def test_a_doubled_number_that_has_other_faults_too_says_both(desk: Desk) -> None:
    batch = await desk.upload(listed(line(1), line(1, name=""), line(1)))
    assert await desk.refusals(batch) == {3: ["name.missing", "internet.same_as"], 4: ["internet.same_as"]}


@pytest.mark.parametrize(
    ("name", "kept", "code"),
    [
        ('=HYPERLINK("http://x")', '=HYPERLINK("http://x")', "text.formula"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>", "text.markup"),
        ("Bu\u200bdi\x07 \u202eoto", "Budi oto", "text.hidden"),
        ("Bu\x00di", "Budi", "text.hidden"),
    ],
)
async def test_a_strange_name_is_kept_as_text_and_said(desk: Desk, name: str, kept: str, code: str) -> None:
    batch = await desk.upload(listed(line(1, name='"' + name.replace('"', '""') + '"'), line(2)))
    assert batch.counts["accepted"] == 2
    [said] = batch.examples["warned"]
    assert (said["row"], said["column"], said["code"]) == (2, "NAMA PELANGGAN", code)
    assert say.why(said, "id") != say.why(said, "en")
    await desk.apply(batch)
    assert (await desk.accounts())["00001"].name == kept


async def test_names_of_all_the_world_arrive_as_they_are(desk: Desk) -> None:
    names = ["Bu Ñuri", "Café – Ünal", "王小明", "O'Neil", "D’Orsay", "Toko 24/7 & Co."]
    await desk.bring(*(line(number, name=name) for number, name in enumerate(names)))
    assert [account.name for _, account in sorted((await desk.accounts()).items())] == names


async def test_ragged_rows_empty_lines_and_mixed_line_ends_spoil_nothing_but_themselves(desk: Desk) -> None:
    short = line(3).rpartition(";")[0]  # its last, optional cell is missing
    lines = [HEADER, line(1), "", line(2) + ";satu;dua", short, ";;;;;;;", line(4)]
    batch = await desk.upload("\r\n".join(lines).encode() + b"\n" + line(5).encode())
    assert batch.state is BatchState.READY, batch.trouble
    assert (batch.counts["rows"], batch.counts["blank"], batch.counts["accepted"]) == (5, 2, 4)
    assert await desk.refusals(batch) == {4: ["row.ragged"]}


async def test_numbers_in_people_s_own_spelling_are_understood(desk: Desk) -> None:
    amounts = ["412500", "412.500", "Rp 412.500", "Rp.412.500,-", "412,500.00", "Rp412500", "idr 412.500", "412,5rb"]
    await desk.bring(*(line(number, amount=f'"{amount}"') for number, amount in enumerate(amounts)))
    assert {account.amount for account in (await desk.accounts()).values()} == {412500}


async def test_an_account_that_the_list_calls_paid_is_paid(desk: Desk) -> None:
    header = HEADER + ";STATUS BAYAR;TGL_PAID"
    rows = [line(1) + ";Lunas;", line(2) + ";;21/11/2026", line(3) + ";;2026-11-21", line(4, amount=0) + ";;",
            line(5) + ";BELUM;", line(6) + ";;31/02/2026"]  # fmt: skip
    batch = await desk.apply(await desk.upload(listed(*rows, header=header)))
    assert batch.problems["warned"] == {"paid_on.not_a_date": 1}
    states = [account.state for _, account in sorted((await desk.accounts()).items())]
    assert states == [AccountState.PAID] * 4 + [AccountState.OPEN] * 2


async def test_two_columns_of_one_name_are_asked_about(desk: Desk) -> None:
    batch = await desk.upload(listed("152320000001;Budi;SDA;1000;2000", header="SND;NAMA;STO;TAGIHAN;TAGIHAN"))
    assert (batch.state, batch.trouble) == (
        BatchState.MAPPING,
        {"code": "file.duplicate_header", "params": {"column": "TAGIHAN", "row": 1}},
    )
    assert [say.trouble(batch.trouble or {}, language)[0] for language in ("id", "en")] == [
        "Kolom TAGIHAN ada dua kali di baris 1.", "Column TAGIHAN stands twice in row 1.",
    ]  # fmt: skip


async def test_a_row_outside_the_uploader_s_area_is_refused(desk: Desk, tmp_path: Path) -> None:
    del tmp_path
    here = Desk(desk.here, desk.here.helpdesk)
    content = b"Tipe;No Registrasi;STO\nAO;SC41000001;SDA\nAO;SC41000002;SPJ\nAO;SC41000001;TUN\nXX;SC1;SDA\n"
    from shared.arrears.batches import Kind

    batch = await here.upload(content, "order.csv", Kind.ORDERS)
    assert batch.counts["new"] == 1
    assert await here.refusals(batch) == {
        3: ["sto.outside_area"], 4: ["sc.same_as"], 5: ["type.unknown", "sc.not_a_number"],
    }  # fmt: skip


async def test_columns_that_name_months_are_kept_as_bills(desk: Desk) -> None:
    header = HEADER + ";TAG_202609;Tagihan Okt 2026;KETERANGAN"
    batch = await desk.apply(
        await desk.upload(listed(line(1) + ";137.500;Rp 275.000;x", line(2) + ";;;", header=header))
    )
    assert batch.mapping[-3:] == ["extra", "extra", None]
    kept = await desk.accounts()
    assert kept["00001"].extra == {"TAG_202609": "137.500", "Tagihan Okt 2026": "Rp 275.000"}
    assert kept["00002"].extra is None
    alone = await desk.upload(listed(line(1) + ";5", header=HEADER + ";TAG_202609"))
    assert alone.mapping[-1] is None


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ("José Ñ".encode("cp1252"), "José Ñ"),
        ("Josế".encode(), "Josế"),
        (b"Bu\x00di", "Budi"),
        (b'"Toko ""Maju"" Jaya"', 'Toko "Maju" Jaya'),
    ],
)
async def test_a_large_list_may_end_otherwise_than_it_begins(desk: Desk, last: bytes, name: str) -> None:
    batch = await desk.upload(large(last))
    assert batch.counts["new"] == MANY + 1, batch.trouble
    await desk.apply(batch)
    assert (await desk.accounts())[f"{MANY:05}"].name == name


@pytest.mark.parametrize(
    ("last", "code"), [(b'"Budi', "file.unbalanced_quote"), (b"x" * 1_100_000, "file.line_too_long")]
)
async def test_the_end_of_a_large_list_may_spoil_all_of_it(desk: Desk, last: bytes, code: str) -> None:
    batch = await desk.upload(large(last))
    assert (batch.state, batch.trouble) == (BatchState.REFUSED, {"code": code, "params": {"row": MANY + 2}})


async def test_a_ragged_row_at_the_end_of_a_large_list_is_refused_alone(desk: Desk) -> None:
    batch = await desk.upload(large(b"Budi;" + b"x;" * 20))
    [(row, codes)] = (await desk.refusals(batch)).items()
    assert (batch.counts["new"], row, codes[0]) == (MANY, MANY + 2, "row.ragged")


def large(last: bytes) -> bytes:
    """A list of more than a megabyte, plain but for the last customer's name."""
    plain = [line(number, name=f"Budi {'x' * 420}").encode() for number in range(MANY)]
    return b"\r\n".join([HEADER.encode(), *plain, line(MANY, name="@").encode().replace(b"@", last)])
