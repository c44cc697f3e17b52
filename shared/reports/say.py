"""Reports as Telegram shows them, on schedule or asked for: a short table of the page's figures. It counts none."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape

from shared import words
from shared.reports.recap import Recap, Sums
from shared.reports.recap_month import Month
from shared.reports.recap_scope import Scope
from shared.reports.tables import Heads, kept, kept_of

MOST_LINES = 60  # STO in one message; 60 lines of 33 characters stay far below Telegram's 4096
_WORDS = {
    "id": {
        "daily": "Laporan harian",
        "monthly": "Rekap bulanan",
        "area": "Wilayah",
        "everywhere": "semua",
        "all": "Semua",
        "type": "Tipe",
        "day": "Tanggal",
        "name": "Nama",
        "received": "Masuk",
        "done": "Selesai",
        "obstacle": "Kendala",
        "cancelled": "Batal",
        "left": "Sisa",
        "kept": "Dalam SLA",
        "total": "Jumlah",
        "technician": "Teknisi",
        "per_sto": "Per STO",
        "per_technician": "Per teknisi",
        "heat": "Rekap selesai",
        "per_day": "Per hari",
        "nothing": "Tidak ada order dalam periode ini.",
        "so_far": "Keadaan pukul {at}.",
        "more": "{n} STO lain ada di berkas Excel.",
        "open": "Buka di SIKPRO",
        "missed": "{n} laporan sebelum ini tidak dikirim karena SIKPRO tidak berjalan; terakhir {at}.",
        "made": "Dibuat {at} untuk {who}.",
        "day_name": "Tgl",
    },
    "en": {
        "daily": "Daily report",
        "monthly": "Monthly recap",
        "area": "Area",
        "everywhere": "everywhere",
        "all": "All",
        "type": "Type",
        "day": "Day",
        "name": "Name",
        "received": "In",
        "done": "Done",
        "obstacle": "Obstacles",
        "cancelled": "Cancelled",
        "left": "Left",
        "kept": "Within SLA",
        "total": "Total",
        "technician": "Technician",
        "per_sto": "By STO",
        "per_technician": "By technician",
        "heat": "Done",
        "per_day": "By day",
        "nothing": "No orders in this period.",
        "so_far": "As of {at}.",
        "more": "{n} more STO are in the Excel file.",
        "open": "Open in SIKPRO",
        "missed": "{n} earlier reports were not sent because SIKPRO did not run; the last was due {at}.",
        "made": "Made {at} for {who}.",
        "day_name": "Day",
    },
}


def word(key: str, language: str) -> str:
    """One of these words in a reader's language."""
    return _WORDS.get(language, _WORDS["id"])[key]


def heads(language: str) -> Heads:
    """What the columns of the file are called."""
    said = _WORDS.get(language, _WORDS["id"])
    counted = (said["received"], said["done"], said["obstacle"], said["cancelled"], said["left"])
    return Heads(said["name"], counted, said["kept"], said["total"], said["type"], said["day"], said["all"])


def period(scope: Scope, *, month: bool) -> str:
    """`21 Nov 2026`, or `Nov 2026`."""
    if month:
        return f"{words.MONTHS[scope.first.month - 1]} {scope.first.year}"
    return day_words(scope.first)


def day_words(day: date) -> str:
    """`21 Nov 2026`."""
    return f"{day.day} {words.MONTHS[day.month - 1]} {day.year}"


def area(stos: Sequence[str], scope: Scope, language: str) -> str:
    """The line that says what is counted: the STO, and the type when there is one only. stos: empty is everywhere."""
    names = ", ".join(stos[:6]) + (" …" if len(stos) > 6 else "") if stos else word("everywhere", language)
    narrowed = scope.sto or names
    return f"{word('area', language)}: {narrowed}" + (f". {word('type', language)} {scope.type}" if scope.type else "")


def percent(share: float | None) -> str:
    """`95,6%`."""
    return "–" if share is None else f"{share * 100:.1f}%".replace(".", ",")


def _row(name: str, cells: Sequence[object], widths: Sequence[int]) -> str:
    return f"{name[:7]:<7}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def daily(found: Recap, language: str) -> str:
    """The recap of a day as a table of STO; those without any order are left out."""
    lines = [line for line in found.stos if not line.sums.empty]
    if not lines:
        return word("nothing", language)
    names = [word(key, language) for key in ("received", "done", "obstacle", "left")]
    widths = [max(len(name), 4) + 1 for name in names]
    rows = [_row("STO", names, widths)]
    rows += [_row(line.code, _figures(line.sums), widths) for line in lines[:MOST_LINES]]
    if len(lines) > 1:
        rows.append(_row(word("total", language), _figures(found.total), widths))
    total = found.total
    foot = [f"{word('cancelled', language)} {total.cancelled}. {word('kept', language)} {percent(kept(total))}."]
    if found.types:
        foot.insert(
            0, f"{word('received', language)}: " + ", ".join(f"{k} {total.types[k]}" for k in found.types) + "."
        )
    if len(lines) > MOST_LINES:
        foot.append(word("more", language).format(n=len(lines) - MOST_LINES))
    return f"<pre>{escape(chr(10).join(rows))}</pre>" + escape(chr(10).join(foot))


def _figures(sums: Sums) -> tuple[int, int, int, int]:
    return sums.received, sums.done, sums.obstacle, sums.left


def monthly(found: Month, language: str) -> str:
    """The recap of a month as a table of days."""
    received, done = sum(d.received.total() for d in found.days), sum(d.done.total() for d in found.days)
    if not received and not done:
        return word("nothing", language)
    names = [word(key, language) for key in ("received", "done")] + ["SLA"]
    widths = [max(len(name), 5) + 1 for name in names[:2]] + [7]
    rows = [_row(word("day_name", language), names, widths)]
    rows += [
        _row(f"{d.day.day:>2}", (d.received.total(), d.done.total(), percent(kept_of(d))), widths)
        for d in found.days
        if d.begun
    ]
    on_time = sum(d.on_time for d in found.days)
    rows.append(_row(word("total", language), (received, done, percent(on_time / done if done else None)), widths))
    kinds = ", ".join(f"{kind} {sum(d.done[kind] for d in found.days)}" for kind in found.types)
    return f"<pre>{escape(chr(10).join(rows))}</pre>" + escape(f"{word('done', language)}: {kinds}.")


def message(title: str, lines: Sequence[str], table: str, link: str, language: str) -> str:
    """The whole text. lines: what stands between title and table, plain."""
    said = "\n".join(escape(line) for line in lines if line)
    opened = f'<a href="{escape(link)}">{word("open", language)}</a>'
    return f"<b>{escape(title)}</b>\n{said}\n{table}\n{opened}"


def late(count: int, last: datetime, zone: str, language: str) -> str:
    """That earlier ones were passed over, and why."""
    return word("missed", language).format(n=count, at=words.moment(last, zone))


def title_lines(title: str, scope_line: str, who: str, at: datetime, zone: str, language: str) -> tuple[str, ...]:
    """The lines above a table of the file."""
    made = word("made", language).format(at=words.moment(at, zone), who=who)
    return f"SIKPRO · {title}", f"{scope_line}.", made
