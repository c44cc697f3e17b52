"""Identifiers as people really write them: accepted, doubted or refused, and never an error."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import identifiers as ids
from shared.identifiers import figures, say
from shared.identifiers.codes import VENDORS
from shared.identifiers.read import Doubt

ANY_TEXT = st.text() | st.text("OIS0123456789ABCDEFSCZTEGHWTODP-/ .:#\u200b\u200f\ufeff\x00Ａ１５", max_size=30)
READERS = [
    ids.registration_number,
    ids.order_type,
    ids.serial,
    ids.sto,
    ids.odp,
    ids.technician_code,
    ids.internet_number,
    ids.phones,
    ids.rupiah,
    ids.day,
]


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (ids.registration_number, "SC32232558", "SC32232558"),
        (ids.registration_number, " sc-3223 2558 ", "SC32232558"),
        (ids.registration_number, "ＳＣ３２２３２５５８", "SC32232558"),
        (ids.registration_number, "SC3223\u200b2558\u200f\ufeff\x00", "SC32232558"),
        (ids.registration_number, "SC32232558 🙏🏽", "SC32232558"),
        (ids.registration_number, "32232558", "SC32232558"),
        (ids.order_type, "ao", "AO"),
        (ids.order_type, "Pasang  Baru", "AO"),
        (ids.order_type, "psb", "AO"),
        (ids.order_type, "pasang", "AO"),
        (ids.order_type, "ganti paket", "MO"),
        (ids.order_type, "pindah-paket", "MO"),
        (ids.order_type, "Modify", "MO"),
        (ids.order_type, "pindah alamat", "PDA"),
        (ids.order_type, "aktivasi ulang", "CONFIG"),
        (ids.order_type, "konfigurasi", "CONFIG"),
        (ids.serial, "zteg c675-4546", "ZTEGC6754546"),
        (ids.serial, "5A544547C6754546", "ZTEGC6754546"),
        (ids.serial, "4857 5443 1A2B 3C4D", "HWTC1A2B3C4D"),
        (ids.sto, " sda ", "SDA"),
        (ids.odp, "odp sda 003", "ODP-SDA-003"),
        (ids.odp, "ODP-SDA-FAB/012", "ODP-SDA-FAB/012"),
        (ids.odp, "ODP-SDA-FAB / 12", "ODP-SDA-FAB/12"),
        (ids.odp, "odpsdafab012", "ODP-SDA-FAB/012"),
        (ids.odp, "SDA-FAB/12", "ODP-SDA-FAB/12"),
        (ids.technician_code, "f5 sda 445", "F5SDA445"),
        (ids.internet_number, "'152312345678", "152312345678"),
        (ids.internet_number, "1523-1234-5678", "152312345678"),
        (ids.internet_number, 152312345678, "152312345678"),
        (ids.internet_number, 152312345678.0, "152312345678"),
        (ids.phones, "0812-3456-7890", ("+6281234567890",)),
        (ids.phones, "62 812 3456 7890", ("+6281234567890",)),
        (ids.phones, "+62 (0)812 3456 7890", ("+6281234567890",)),
        (ids.phones, 81234567890.0, ("+6281234567890",)),
        (
            ids.phones,
            "081234567890/081234567891, 6281234567890;0318921234",
            ("+6281234567890", "+6281234567891", "+62318921234"),
        ),
        (ids.phones, "081234567890 081234567891", ("+6281234567890", "+6281234567891")),
        (ids.phones, "", ()),
        (ids.rupiah, "Rp 412.500", 412500),
        (ids.rupiah, "Rp\u00a01.234.567", 1234567),
        (ids.rupiah, "412500", 412500),
        (ids.rupiah, "412.500,00", 412500),
        (ids.rupiah, "412,500.00", 412500),
        (ids.rupiah, "IDR 412,500", 412500),
        (ids.rupiah, "Rp. 412.500,-", 412500),
        (ids.rupiah, "412 500", 412500),
        (ids.rupiah, 412500.0, 412500),
        (ids.rupiah, 0, 0),
        (ids.rupiah, "500rb", 500000),
        (ids.rupiah, "1,5 jt", 1500000),
        (ids.day, "21/11/2026", date(2026, 11, 21)),
        (ids.day, "2026-11-21", date(2026, 11, 21)),
        (ids.day, "2026-11-21 08:30:00", date(2026, 11, 21)),
        (ids.day, "2026-11-21T08:30:00Z", date(2026, 11, 21)),
        (ids.day, "21 Nov 2026", date(2026, 11, 21)),
        (ids.day, "1 Agustus 2026", date(2026, 8, 1)),
        (ids.day, "21-Des-26", date(2026, 12, 21)),
        (ids.day, "20261121", date(2026, 11, 21)),
        (ids.day, "03/04/2026", date(2026, 4, 3)),
        (ids.day, "46347", date(2026, 11, 21)),
        (ids.day, 46347.25, date(2026, 11, 21)),
        (ids.day, datetime(2026, 11, 21, 8, 30), date(2026, 11, 21)),  # noqa: DTZ001 - a spreadsheet has no zone
    ],
)
def test_is_read_as_meant(reader, text, value) -> None:
    read = reader(text)
    assert (read.value, read.warnings, read.refused) == (value, (), None)


@pytest.mark.parametrize(
    ("reader", "text", "code"),
    [
        (ids.registration_number, "", "sc.missing"),
        (ids.registration_number, "SC12345", "sc.not_a_number"),
        (ids.registration_number, "SC1234567890123", "sc.not_a_number"),
        (ids.order_type, "makan", "type.unknown"),
        (ids.serial, "halo", "sn.not_a_serial"),
        (ids.serial, "00112233C6754546", "sn.not_a_serial"),
        (ids.sto, "SD", "sto.not_three_letters"),
        (ids.odp, "ODC-SDA-FA", "odp.not_a_label"),
        (ids.technician_code, "BUDI", "tech.not_a_code"),
        (ids.internet_number, "1,52E+11", "internet.destroyed"),
        (ids.internet_number, "1.52312E+11", "internet.destroyed"),
        (ids.internet_number, "15231234567", "internet.not_12_digits"),
        (ids.internet_number, None, "internet.missing"),
        (ids.internet_number, "١٥٢٣١٢٣٤٥٦٧٨", "internet.not_12_digits"),
        (ids.rupiah, "lunas", "amount.not_an_amount"),
        (ids.rupiah, "412.5000", "amount.not_an_amount"),
        (ids.rupiah, "1e99", "amount.not_an_amount"),
        (ids.rupiah, "9" * 40, "amount.not_an_amount"),
        (ids.rupiah, float("nan"), "amount.not_an_amount"),
        (ids.rupiah, "-412.500", "amount.negative"),
        (ids.rupiah, "Rp -412.500", "amount.negative"),
        (ids.rupiah, "(412.500)", "amount.negative"),
        (ids.rupiah, -1, "amount.negative"),
        (ids.rupiah, "", "amount.missing"),
        (ids.day, "31/02/2026", "date.not_a_date"),
        (ids.day, "besok", "date.not_a_date"),
        (ids.day, "", "date.missing"),
    ],
)
def test_is_refused_and_says_why(reader, text, code) -> None:
    read = reader(text)
    assert read.value is None
    assert read.refused.code == code
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (ids.registration_number("SC3223255"), "SC3223255", "sc: 7 digits, usually 8"),
        (ids.serial("ZTEGC67545O6"), "ZTEGC67545O6", "sn: letter O in the hexadecimal part, offer ZTEGC6754506"),
        (ids.serial("ZTEGCS7545O6"), "ZTEGCS7545O6", "sn: letters S and O in the hexadecimal part, offer ZTEGC5754506"),
        (ids.serial("QQQQC6754546"), "QQQQC6754546", "sn: unknown vendor QQQQ"),
        (ids.serial("A0B1C2D3E4F5"), None, "sn: this is a MAC address, not a serial number"),
        (ids.serial("ab:cd:ef:01:23:45"), None, "sn: this is a MAC address, not a serial number"),
        (ids.serial("ZTEGC675454"), "ZTEGC675454", "sn: 11 characters, usually 12"),
        (ids.serial("ZTEGC675454X"), "ZTEGC675454X", "sn: letter X cannot be in the hexadecimal part"),
        (ids.odp("ODP-TUN-003", "SDA"), "ODP-TUN-003", "odp: its STO TUN is not SDA"),
        (ids.odp("ODP-SDA-3"), "ODP-SDA-3", "odp: number 3 is unusual, usually 2 to 4 digits"),
        (ids.phones("0812, rumah"), (), "phone: 0812 is not a phone number"),
        (ids.phones("8,12E+10"), (), "phone: number destroyed by Excel (8,12E+10)"),
        (ids.rupiah("412.500,50"), 412501, "amount: 412.500,50 rounded to whole rupiah"),
        (ids.day("11/21/2026"), date(2026, 11, 21), "date: read with the month first"),
    ],
)
def test_is_accepted_with_a_doubt(read, value, sentence) -> None:
    assert read.value == value
    assert ids.english(read.warnings[0]) == sentence


def test_a_slip_in_the_number_is_refused_but_its_digit_is_offered() -> None:
    read = ids.registration_number("SC3223255O")
    assert (read.value, read.refused.code, read.offer) == (None, "sc.not_a_number", "SC32232550")


def test_an_unknown_exchange_is_refused_only_where_the_list_is_known() -> None:
    assert ids.sto("XYZ").value == "XYZ"
    assert ids.sto("XYZ", {"SDA"}).refused == Doubt("sto", "sto.unknown", {"sto": "XYZ"})


def test_every_code_is_said_in_both_languages() -> None:
    assert say.ENGLISH.keys() == say.INDONESIAN.keys()
    doubt = ids.serial("ZTEGC67545O6").warnings[0]
    assert ids.indonesian(doubt) == "SN: ada huruf O di bagian angka; mungkin maksudnya ZTEGC6754506"
    assert ids.english(Doubt("sn", "sn.unknown_vendor", {})) == "sn: unknown vendor …"
    assert not [words for words in say.INDONESIAN.values() if "!" in words or "kamu" in words]


@given(ANY_TEXT)
def test_no_text_is_an_error(text) -> None:
    for reader in READERS:
        read = reader(text)
        assert (read.value is None) or read.refused is None
        for doubt in (*read.warnings, *([read.refused] if read.refused else [])):
            assert ids.english(doubt)
            assert ids.indonesian(doubt)


@given(st.floats() | st.integers() | st.datetimes() | st.dates() | st.none())
def test_no_spreadsheet_cell_is_an_error(cell) -> None:
    for reader in (ids.internet_number, ids.phones, ids.rupiah, ids.day):
        reader(cell)


@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text) -> None:
    for clean in (ids.plain, ids.one_line, ids.letters, ids.compact):
        assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_a_value_read_again_is_itself(text) -> None:
    for reader in READERS[:6]:
        value = reader(text).value
        assert value is None or reader(value).value == value


@given(st.sampled_from(sorted(VENDORS)), st.integers(0, 2**32 - 1))
def test_a_serial_and_its_hex_digits_are_one(vendor, number) -> None:
    serial = f"{vendor}{number:08X}"
    assert ids.named_serial(ids.hex_serial(serial)) == serial
    assert ids.serial(ids.hex_serial(serial)).value == ids.serial(serial).value == serial


@given(st.integers(0, figures.MOST_RUPIAH - 1))
def test_money_is_the_same_in_every_spelling(amount) -> None:
    dotted = f"{amount:,}".replace(",", ".")
    for text in (str(amount), dotted, f"Rp {dotted}", f"{dotted},00", f"{amount:,}.00", f"Rp{dotted},-"):
        assert ids.rupiah(text).value == amount


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_date_is_the_same_in_every_spelling(when) -> None:
    excel = (when - figures.EXCEL_ZERO).days
    for text in (when.isoformat(), when.strftime("%d/%m/%Y"), f"{when:%d-%m-%y}", f"{when:%d %B %Y}", excel, when):
        assert ids.day(text).value == when
