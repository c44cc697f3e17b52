"""How figures, moments and states read: one function a format, and only words differ by language.

It never decides about an order.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from services.web.language import N_, _, pgettext
from services.web.view import Category, Choice, Sla
from services.web.view_forms import Problem
from shared import clock
from shared.words import DAYS, MONTHS

NBSP = "\u00a0"
SHORT_RUPIAH = ((10**12, "T", 2), (10**9, "M", 2), (10**6, "jt", 1))

SHAPES: dict[Category, str] = {
    "received": "baru",
    "working": "ogp",
    "obstacle": "kendala",
    "done": "selesai",
    "cancelled": "batal",
}
"""Glyph and colour class of a category; the unit's own label stands beside it."""

SOURCES = {"bot": "Telegram", "web": N_("dasbor"), "import": N_("impor"), "system": N_("sistem")}
"""From where a change came, as the timeline says it."""

UNITS = {"hari": N_("hari"), "j": N_("j"), "mnt": N_("mnt"), "dtk": N_("dtk")}

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


def unit(sign: str) -> str:
    """The sign of a unit of time: `hari`, `j`, `mnt` or `dtk`."""
    return _(UNITS[sign])


def minutes(n: int) -> str:
    """`18 mnt`, `1 j 45 mnt`, `2 j`, `3 hari 4 j`"""
    hours, rest = divmod(n, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        parts = [f"{days}{NBSP}{unit('hari')}", f"{hours_left}{NBSP}{unit('j')}" if hours_left else ""]
    else:
        parts = [
            f"{hours}{NBSP}{unit('j')}" if hours else "",
            f"{rest}{NBSP}{unit('mnt')}" if rest or not hours else "",
        ]
    return NBSP.join(part for part in parts if part)


def seconds(n: int) -> str:
    """`10 dtk`"""
    return f"{n}{NBSP}{unit('dtk')}"


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
    """`Rp 612,5 jt`, `Rp 2,15 M` (miliar, 10⁹), `Rp 1,73 T` (triliun, 10¹²); below a million in full."""
    if abs(n) < 1_000_000:
        return rupiah(n)
    # what would be 1000,0 of a unit is 1,00 of the next
    size, unit, places = next(each for each in SHORT_RUPIAH if round(abs(n) / each[0], each[2]) >= 1)
    return f"Rp{NBSP}{decimal(n / size, places)}{NBSP}{unit}"


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
        return SlaText("usai", minutes(standing.spent), _("Selesai dalam "))
    if standing.state == "paused" or standing.due is None:
        return SlaText("jeda", _("dijeda"), "SLA ")
    at = now if standing.stops is None else min(now, standing.stops)
    left = (standing.due - at).total_seconds()
    if left <= 0:
        return SlaText("lewat", f"+{minutes(max(1, int(-left // 60)))}", _("Lewat SLA "))
    kind = "dekat" if left <= standing.target * 60 * NEAR else "ok"
    # A second off: the page was begun a moment before the clock was read, and 60 minutes must not read as 61.
    return SlaText(kind, minutes(max(1, math.ceil((left - 1) / 60))), _("Sisa SLA "))


# --- errors

PROBLEMS: dict[int, tuple[str, str]] = {
    400: (N_("Permintaan tidak dapat dibaca"), N_("Alamat atau isian tidak lengkap. Kembali, lalu coba lagi.")),
    401: (N_("Anda belum masuk"), N_("Sesi Anda sudah berakhir. Masuk lagi untuk melanjutkan.")),
    403: (
        N_("Halaman ini di luar wewenang Anda"),
        N_("Peran atau wilayah Anda tidak mencakupnya. Bila memang perlu, minta admin menambahkannya."),
    ),
    404: (
        N_("Halaman tidak ada"),
        N_("Alamatnya mungkin salah ketik, atau datanya sudah dipindahkan. Coba cari nomornya."),
    ),
    405: (N_("Tindakan ini tidak tersedia"), N_("Kembali ke antrean, lalu ulangi dari sana.")),
    409: (
        N_("Data sudah berubah"),
        N_("Orang lain lebih dulu mengubahnya, jadi perubahan Anda belum disimpan. Buka lagi, periksa, lalu simpan."),
    ),
    413: (N_("Berkas terlalu besar"), N_("Kurangi isinya, lalu kirim lagi.")),
    422: (N_("Isian belum dapat disimpan"), N_("Kembali, perbaiki isian yang ditandai, lalu simpan lagi.")),
    429: (N_("Terlalu banyak permintaan"), N_("Tunggu satu menit, lalu coba lagi.")),
    500: (
        N_("Terjadi gangguan di sisi kami"),
        N_("Perubahan terakhir belum tentu tersimpan. Periksa lagi sebentar kemudian."),
    ),
    503: (
        N_("Layanan sedang tidak tersedia"),
        N_("Data Anda aman. Coba lagi sebentar; order dari Telegram tetap diterima."),
    ),
}
"""Title and text a status; another 4xx reads as 400, another 5xx as 500."""


def problem(said: Problem) -> Problem:
    """The same problem with every empty word filled in from its status."""
    title, text = PROBLEMS.get(said.status) or PROBLEMS[400 if said.status < 500 else 500]
    links = said.links or (Choice("/order", _("Ke antrean order")), Choice("/", _("Ke dasbor")))
    if said.status == 401:
        links = said.links or (Choice("/masuk", pgettext("pintu", "Masuk")),)
    return replace(said, title=said.title or _(title), text=said.text or _(text), links=links)
