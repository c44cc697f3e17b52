"""Words and formats that more than one door says: moments, labels of master data, warnings. No HTML, no database.

Formats are Indonesian in both languages (10:42 WIB, 20 Nov 2026); the colon stays because 10.42 reads as a number.
"""

from datetime import datetime

from shared import clock
from shared.identifiers import Doubt, english, indonesian
from shared.orders.models import OrderStatus, Reason

MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_ENGLISH_FIELDS = {
    "type": "Order type",
    "sc": "Registration number",
    "sn": "SN",
    "sto": "STO",
    "odp": "ODP",
    "tech": "Technician code",
    "note": "Note",
}


def time(at: datetime, zone: str) -> str:
    """`10:42 WIB`."""
    return f"{clock.local(at, zone):%H:%M} {clock.zone_name(zone)}"


def moment(at: datetime, zone: str) -> str:
    """`10:42 WIB` today, `20 Nov 10:42 WIB` on another day, with the year when it is another."""
    there, here = clock.local(at, zone), clock.local(clock.now(), zone)
    if there.date() == here.date():
        return time(at, zone)
    year = "" if there.year == here.year else f" {there.year}"
    return f"{there.day} {MONTHS[there.month - 1]}{year} {time(at, zone)}"


def day(at: datetime, zone: str) -> str:
    """`Jumat, 20 Nov 2026`."""
    there = clock.local(at, zone)
    return f"{DAYS[there.weekday()]}, {there.day} {MONTHS[there.month - 1]} {there.year}"


def rupiah(amount: int) -> str:
    """`Rp 412.500`."""
    return "Rp " + f"{amount:,}".replace(",", ".")


def status_label(status: OrderStatus, language: str) -> str:
    """A status as a reader calls it."""
    return status.label_en if language == "en" else status.label_id


def reason_label(reason: Reason, language: str) -> str:
    """A reason as a reader calls it."""
    return reason.label_en if language == "en" else reason.label_id


def doubt(doubted: Doubt, language: str) -> str:
    """A warning of `identifiers` as a sentence."""
    if language != "en":
        return indonesian(doubted)
    return _ENGLISH_FIELDS.get(doubted.field, doubted.field) + english(doubted).removeprefix(doubted.field)
