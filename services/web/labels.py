"""How figures, moments and states read in Indonesian: one function a format. It never decides about an order."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from services.web.view import Category, Choice, Sla
from services.web.view_forms import Problem
from shared import clock
from shared.words import DAYS, MONTHS

NBSP = "\u00a0"

SHAPES: dict[Category, str] = {
    "received": "baru",
    "working": "ogp",
    "obstacle": "kendala",
    "done": "selesai",
    "cancelled": "batal",
}
"""Glyph and colour class of a category; the unit's own label stands beside it."""

SOURCES = {"bot": "Telegram", "web": "dasbor", "import": "impor", "system": "sistem"}
"""From where a change came, as the timeline says it."""

NEAR = 0.2  # the last fifth of the target is "near"


# --- moments


def date(at: datetime, zone: str) -> str:
    """`20 Nov 2026`"""
    here = clock.local(at, zone)
    return f"{here.day} {MONTHS[here.month - 1]} {here.year}"


def weekday_date(at: datetime, zone: str) -> str:
    """`Jumat, 20 Nov 2026`"""
    return f"{DAYS[clock.local(at, zone).weekday()]}, {date(at, zone)}"


def hour(at: datetime, zone: str) -> str:
    """`10:42`, where the zone is said nearby."""
    return f"{clock.local(at, zone):%H:%M}"


def time(at: datetime, zone: str) -> str:
    """`10:42 WIB`"""
    return f"{hour(at, zone)}{NBSP}{clock.zone_name(zone)}"


def moment(at: datetime, zone: str) -> str:
    """`20 Nov 2026 09:24 WIB`"""
    return f"{date(at, zone)} {time(at, zone)}"


def short(at: datetime, now: datetime, zone: str) -> str:
    """The shortest that is clear now: `09:24` today, `19 Nov` this year, `19 Nov 2025` before."""
    there, here = clock.local(at, zone), clock.local(now, zone)
    if there.date() == here.date():
        return f"{there:%H:%M}"
    if there.year == here.year:
        return f"{there.day}{NBSP}{MONTHS[there.month - 1]}"
    return date(at, zone).replace(" ", NBSP)


def iso(at: datetime) -> str:
    """For `<time datetime>`: UTC, seconds."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def epoch(at: datetime) -> int:
    """Seconds since 1970, for the browser's timers."""
    return int(at.timestamp())


# --- figures


def minutes(n: int) -> str:
    """`18 mnt`, `1 j 45 mnt`, `2 j`, `3 hari 4 j`"""
    hours, rest = divmod(n, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        parts = [f"{days}{NBSP}hari", f"{hours_left}{NBSP}j" if hours_left else ""]
    else:
        parts = [f"{hours}{NBSP}j" if hours else "", f"{rest}{NBSP}mnt" if rest or not hours else ""]
    return NBSP.join(part for part in parts if part)


def seconds(n: int) -> str:
    """`10 dtk`"""
    return f"{n}{NBSP}dtk"


def number(n: int) -> str:
    """`4.812`"""
    return f"{n:,}".replace(",", ".")


def decimal(value: float, places: int = 1) -> str:
    """`41,5`"""
    return f"{value:.{places}f}".replace(".", ",")


def percent(share: float) -> str:
    """A share of 1 as `95,6%`."""
    return f"{decimal(share * 100)}%"


def rupiah(n: int) -> str:
    """`Rp 1.234.567`"""
    return f"{'-' if n < 0 else ''}Rp{NBSP}{number(abs(n))}"


def rupiah_short(n: int) -> str:
    """`Rp 612,5 jt`, `Rp 2,15 M`; below a million in full."""
    if abs(n) >= 1_000_000_000:
        return f"Rp{NBSP}{decimal(n / 1_000_000_000, 2)}{NBSP}M"
    if abs(n) >= 1_000_000:
        return f"Rp{NBSP}{decimal(n / 1_000_000)}{NBSP}jt"
    return rupiah(n)


def initials(name: str) -> str:
    """`NP` for Nadia Putri."""
    words = name.split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper() or "?"


# --- states


def shape(category: Category) -> str:
    return SHAPES[category]


@dataclass(frozen=True)
class SlaText:
    """kind: lewat, dekat, ok, jeda or usai; spoken comes before the text for those who listen."""

    kind: str
    text: str
    spoken: str = ""


def sla(standing: Sla, now: datetime) -> SlaText:
    """What the SLA column says: `+18 mnt`, `8 mnt`, `dijeda`, or how long a closed order took."""
    if standing.state == "closed":
        return SlaText("usai", minutes(standing.spent), "Selesai dalam ")
    if standing.state == "paused" or standing.due is None:
        return SlaText("jeda", "dijeda", "SLA ")
    at = now if standing.stops is None else min(now, standing.stops)
    left = (standing.due - at).total_seconds()
    if left <= 0:
        return SlaText("lewat", f"+{minutes(max(1, int(-left // 60)))}", "Lewat SLA ")
    kind = "dekat" if left <= standing.target * 60 * NEAR else "ok"
    # A second off: the page was begun a moment before the clock was read, and 60 minutes must not read as 61.
    return SlaText(kind, minutes(max(1, math.ceil((left - 1) / 60))), "Sisa SLA ")


# --- errors

PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("Permintaan tidak dapat dibaca", "Alamat atau isian tidak lengkap. Kembali, lalu coba lagi."),
    401: ("Anda belum masuk", "Sesi Anda sudah berakhir. Masuk lagi untuk melanjutkan."),
    403: (
        "Halaman ini di luar wewenang Anda",
        "Peran atau wilayah Anda tidak mencakupnya. Bila memang perlu, minta admin menambahkannya.",
    ),
    404: ("Halaman tidak ada", "Alamatnya mungkin salah ketik, atau datanya sudah dipindahkan. Coba cari nomornya."),
    405: ("Tindakan ini tidak tersedia", "Kembali ke antrean, lalu ulangi dari sana."),
    409: (
        "Data sudah berubah",
        "Orang lain lebih dulu mengubahnya, jadi perubahan Anda belum disimpan. Buka lagi, periksa, lalu simpan.",
    ),
    413: ("Berkas terlalu besar", "Kurangi isinya, lalu kirim lagi."),
    422: ("Isian belum dapat disimpan", "Kembali, perbaiki isian yang ditandai, lalu simpan lagi."),
    429: ("Terlalu banyak permintaan", "Tunggu satu menit, lalu coba lagi."),
    500: ("Terjadi gangguan di sisi kami", "Perubahan terakhir belum tentu tersimpan. Periksa lagi sebentar kemudian."),
    503: ("Layanan sedang tidak tersedia", "Data Anda aman. Coba lagi sebentar; order dari Telegram tetap diterima."),
}
"""Title and text a status; another 4xx reads as 400, another 5xx as 500."""


def problem(said: Problem) -> Problem:
    """The same problem with every empty word filled in from its status."""
    title, text = PROBLEMS.get(said.status) or PROBLEMS[400 if said.status < 500 else 500]
    links = said.links or (Choice("/order", "Ke antrean order"), Choice("/", "Ke dasbor"))
    if said.status == 401:
        links = said.links or (Choice("/masuk", "Masuk"),)
    return replace(said, title=said.title or title, text=said.text or text, links=links)
