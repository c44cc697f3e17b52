"""Which column of a file is what: the fields of each kind of list, the headers people give them, and a header's mark.

Pure: it sees headers, never rows, and decides nothing about values.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.arrears.batches import Kind
from shared.identifiers import figures, letters

EXTRA = "extra"  # a column that no field wants and a person wishes to keep
_NUMBERED = re.compile(r"(?<![0-9])(20[0-9]{2})[-_/. ]?(0[1-9]|1[0-2])(?![0-9])")
_NAMED = re.compile(r"(?<![A-Z])([A-Z]{3,10})[-_/. ]*(20[0-9]{2}|[0-9]{2})(?![0-9])")
REASON = "ALASAN DITOLAK"  # the last column of a file of refused rows; passed over when it comes back


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a list. `headers`: what files call it, likeliest first, as `bare` gives them."""

    name: str
    headers: tuple[str, ...]
    required: bool = False


FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.ARREARS: (
        Field(
            "internet",
            ("NOMOR INTERNET", "NO INTERNET", "SND", "NO INET", "ND INET", "SERVICE NO", "NOMOR INET", "ND INTERNET",
             "INTERNET NUMBER", "INTERNET", "NO LAYANAN", "NOMOR LAYANAN", "SERVICE NUMBER", "ND"),
            required=True,
        ),
        Field(
            "name",
            ("NAMA", "NAMA PELANGGAN", "NAMA PLG", "NAMA CUSTOMER", "CUSTOMER NAME", "NAME", "PELANGGAN", "CUSTOMER"),
            required=True,
        ),
        Field("address", ("ALAMAT", "ALAMAT PELANGGAN", "ALAMAT INSTALASI", "ADDRESS", "ALAMAT PLG")),
        Field(
            "phone",
            ("NO HP", "CP", "MULTI KONTAK1", "NOMOR HP", "HP", "TELEPON", "NO TELEPON", "NO TELP", "TELP", "PHONE",
             "KONTAK", "NO KONTAK", "MULTI KONTAK", "CONTACT"),
        ),
        Field("sto", ("STO", "KODE STO", "STO CODE"), required=True),
        Field("datel", ("DATEL",)),
        Field("product", ("PRODUK", "PAKET", "PRODUCT", "LAYANAN", "PACKAGE")),
        Field(
            "amount",
            ("TAGIHAN", "TOTAL TUNGGAKAN", "TAG TOTAL", "SALDO", "JUMLAH TUNGGAKAN", "TUNGGAKAN", "TOTAL TAGIHAN",
             "JUMLAH TAGIHAN", "NILAI TUNGGAKAN", "AMOUNT", "AMOUNT DUE", "TOTAL"),
            required=True,
        ),
        Field(
            "months",
            ("LAMA TUNGGAKAN", "BILLING KE", "BULAN", "LAMA", "UMUR TUNGGAKAN", "JUMLAH BULAN", "MONTHS",
             "MONTHS OVERDUE"),
        ),
        Field("age", ("UMUR CUSTOMER", "LOS", "UMUR PELANGGAN", "CUSTOMER AGE")),
        Field("segment", ("SEGMEN", "SEGMENT", "SEGMENTASI")),
        Field("collector", ("PETUGAS", "COLL AGENT", "PETUGAS TAGIH", "KOLEKTOR", "COLLECTOR", "AGENT")),
        Field("status", ("STATUS BAYAR", "STATUS PEMBAYARAN", "PAYMENT STATUS", "STATUS PAID")),
        Field("paid_on", ("TGL PAID", "TANGGAL BAYAR", "TGL BAYAR", "PAID DATE", "TANGGAL PAID")),
    ),
    Kind.ORDERS: (
        Field("type", ("TIPE", "JENIS", "JENIS ORDER", "TIPE ORDER", "TYPE", "ORDER TYPE"), required=True),
        Field(
            "sc",
            ("NO REGISTRASI", "NOMOR REGISTRASI", "NO SC", "SC", "NOMOR SC", "REGISTRATION NO", "NO ORDER", "NOMOR",
             "REGISTRASI"),
            required=True,
        ),
        Field("sn", ("SN MODEM", "SN", "SN ONT", "SERIAL", "SERIAL NUMBER", "NOMOR SERI")),
        Field("sto", ("STO", "KODE STO", "STO CODE"), required=True),
        Field("odp", ("ODP", "LABEL ODP", "NAMA ODP", "ODP LABEL")),
        Field("tech", ("KODE TEKNISI", "TEKNISI", "TECHNICIAN", "TECHNICIAN CODE", "TEKNISI KODE")),
        Field("note", ("CATATAN", "KETERANGAN", "NOTE", "REMARK", "KET")),
    ),
}  # fmt: skip

LABELS: Mapping[str, tuple[str, str]] = {
    "internet": ("Nomor internet", "Internet number"),
    "name": ("Nama", "Name"),
    "address": ("Alamat", "Address"),
    "phone": ("Telepon", "Phone"),
    "sto": ("STO", "STO"),
    "datel": ("Datel", "Datel"),
    "product": ("Produk", "Product"),
    "amount": ("Jumlah tunggakan", "Amount due"),
    "months": ("Lama tunggakan (bulan)", "Months overdue"),
    "age": ("Umur pelanggan (bulan)", "Customer age (months)"),
    "segment": ("Segmen", "Segment"),
    "collector": ("Petugas", "Collector"),
    "status": ("Status bayar", "Payment status"),
    "paid_on": ("Tanggal bayar", "Paid date"),
    "type": ("Jenis order", "Order type"),
    "sc": ("Nomor registrasi", "Registration number"),
    "sn": ("SN modem", "Modem serial"),
    "odp": ("ODP", "ODP"),
    "tech": ("Kode teknisi", "Technician code"),
    "note": ("Catatan", "Note"),
    EXTRA: ("Simpan sebagai data tambahan", "Keep as extra data"),
}
"""Field → (Indonesian, English), for people."""

TEMPLATES: Mapping[Kind, tuple[str, ...]] = {
    Kind.ARREARS: (
        "Nomor Internet", "Nama", "Alamat", "No HP", "STO", "Datel", "Produk", "Tagihan", "Lama Tunggakan",
        "Umur Customer", "Segmen", "Petugas", "Status Bayar", "Tgl Paid",
    ),
    Kind.ORDERS: ("Tipe", "No Registrasi", "SN Modem", "STO", "ODP", "Kode Teknisi", "Catatan"),
}  # fmt: skip
"""The header of an empty file to fill in."""


def names(kind: Kind) -> tuple[str, ...]:
    """The fields of a kind of list."""
    return tuple(field.name for field in FIELDS[kind])


def bare(header: str) -> str:
    """A header as it is compared: capitals, every sign a space. `No.  HP` and `NO_HP` are the same."""
    return " ".join(re.sub(r"[\W_]+", " ", letters(header)).split())


def fingerprint(header: Sequence[str]) -> str:
    """A mark of a header: equal for files of the same making, whatever their capitals and signs."""
    cells = [bare(each) for each in header]
    cells = cells[:-1] if cells[-1:] == [REASON] else cells
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()


def known(header: Sequence[str], kind: Kind) -> int:
    """How many of these cells are headers that some field goes by; the line with most of them is the header."""
    wanted = {each for field in FIELDS[kind] for each in field.headers}
    return len({bare(cell) for cell in header} & wanted)


def guess(header: Sequence[str], kind: Kind) -> list[str | None]:
    """The field of each column, None where nothing fits; a field is given once, to its likeliest header.

    Columns that name months are bills, and kept: an account's page shows them. One alone may mean anything.
    """
    cells = [bare(cell) for cell in header]
    months = [month(cell) if kind is Kind.ARREARS else None for cell in header]
    several = len({each for each in months if each}) > 1
    mapping: list[str | None] = [EXTRA if each and several else None for each in months]
    for field in FIELDS[kind]:
        for wanted in field.headers:
            if wanted in cells and mapping[cells.index(wanted)] in {None, EXTRA}:
                mapping[cells.index(wanted)] = field.name
                break
    return mapping


def month(header: str) -> date | None:
    """The month that a header names: `TAG_202609`, `Tagihan Sep 2026`."""
    said = letters(header)
    if found := _NUMBERED.search(said):
        return date(int(found[1]), int(found[2]), 1)
    for found in _NAMED.finditer(said):
        number = figures.MONTHS.get(found[1][:3], 0)
        if number:
            return date(figures.full_year(found[2]), number, 1)
    return None


def doubled(header: Sequence[str], mapping: Sequence[str | None]) -> str | None:
    """A header that stands twice and is used: nobody but a person can say which of the two is meant."""
    cells = [bare(cell) for cell in header]
    for cell, field, shown in zip(cells, mapping, header, strict=True):
        if field not in {None, EXTRA} and cells.count(cell) > 1:
            return shown
    return None


def lacking(mapping: Sequence[str | None], kind: Kind) -> list[str]:
    """Required fields that no column gives."""
    return [field.name for field in FIELDS[kind] if field.required and field.name not in mapping]
