"""What the audit log says in Indonesian: acts, to whom they were done, and what else was kept. Decides nothing."""

from collections.abc import Mapping
from typing import Any

from services.web.words import FROM

_WHOLE = {
    "login.done": "Masuk",
    "login.failed": "Gagal masuk",
    "login.ended": "Keluar",
    "delivery.sent_again": "Mengirim ulang pesan",
    "chat.released": "Melepaskan obrolan",
    "event.heard_again": "Mencoba lagi kejadian",
    "update.handled_again": "Mencoba lagi pesan masuk",
    "password.changed": "Mengganti kata sandi",
    "password.refused": "Gagal mengganti kata sandi",
    "token.made": "Membuat token API",
    "token.revoked": "Mencabut token API",
    "session.ended": "Mengakhiri sesi",
    "sessions.ended": "Mengakhiri semua sesi lain",
    "group.code_made": "Membuat kode ikat grup",
    "group.bound": "Mengikat grup",
    "group.unbound": "Melepas ikatan grup",
    "group.released": "Mencoba lagi grup",
    "person.password_set": "Membuat kata sandi",
    "person.invited": "Mengundang pengguna",
    "sto.moved": "Memindahkan STO",
    "sto.move_taken_back": "Membatalkan pemindahan STO",
    "technician.applied": "Teknisi mendaftar",
    "technician.approved": "Menyetujui teknisi",
    "technician.refused": "Menolak teknisi",
    "moves.changed": "Mengubah perpindahan status",
}
_VERBS = {
    "added": "Menambah",
    "changed": "Mengubah",
    "removed": "Menghapus",
    "disabled": "Menonaktifkan",
    "deactivated": "Menonaktifkan",
    "enabled": "Mengaktifkan",
    "activated": "Mengaktifkan",
    "exported": "Mengunduh",
    "made": "Membuat",
    "deleted": "Menghapus",
    "restored": "Memulihkan",
    "purged": "Memusnahkan",
    "ended": "Mengakhiri",
    "released": "Melepaskan",
    "revoked": "Mencabut",
}
_THINGS = {
    "person": "pengguna",
    "site": "Site Operation",
    "sto": "STO",
    "unit": "unit",
    "type": "tipe order",
    "status": "status",
    "reason": "alasan",
    "holiday": "hari libur",
    "group": "grup",
    "chat": "obrolan",
    "order": "order",
    "report": "laporan",
    "audit": "jejak audit",
    "token": "token API",
    "session": "sesi",
    "delivery": "pesan",
    "outbox": "kejadian",
    "inbox": "pesan masuk",
    "target": "target SLA",
}
_DETAILS = {
    "agent": "peramban",
    "berkas": "berkas",
    "saringan": "saringan",
    "held": "sebab ditahan",
    "why": "sebab",
    "was": "sebelumnya",
    "kind": "jenis",
    "chat": "obrolan",
    "order": "order",
    "event": "kejadian",
    "consumer": "pengolah",
    "name": "nama",
    "mark": "tanda",
    "before": "sebelum",
    "after": "sesudah",
    "title": "judul",
    "dari": "dari",
    "sampai": "sampai",
    "rows": "baris",
}
LONGEST = 300  # characters of one detail
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"))
_BROWSERS_TOO = (("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))
_SYSTEMS_TOO = (("CrOS", "ChromeOS"), ("Linux", "Linux"))


def agent(said: str) -> str:
    """A browser as people know it: "Chrome di Windows"; what it cannot tell is left out."""
    browser = next((name for sign, name in _BROWSERS + _BROWSERS_TOO if sign in said), "")
    system = next((name for sign, name in _SYSTEMS + _SYSTEMS_TOO if sign in said), "")
    return " di ".join(filter(None, (browser or "Peramban lain", system)))


def act(code: str) -> str:
    """What was done; an act that we have no words for is named by its code."""
    if code in _WHOLE:
        return _WHOLE[code]
    thing, _, verb = code.partition(".")
    return f"{_VERBS[verb]} {_THINGS[thing]}" if verb in _VERBS and thing in _THINGS else code


def subject(said: str, names: Mapping[int, str]) -> str:
    """What it was done to: "pengguna Nadia Putri", "obrolan -100…"."""
    thing, _, key = said.partition(":")
    if thing == "person" and key.isdigit():
        return names.get(int(key), f"pengguna {key}")
    return f"{_THINGS.get(thing, thing)} {key}".strip()


def source(code: str) -> str:
    """From where."""
    return FROM.get(code, code)


def details(kept: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The details as pairs of words; of a before and an after only what differs."""
    before, after = kept.get("before"), kept.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = {name: (before.get(name), after.get(name)) for name in [*before, *(set(after) - set(before))]}
        changed = {name: f"{_value(old)} → {_value(new)}" for name, (old, new) in pairs.items() if old != new}
        rest = {name: _value(value) for name, value in kept.items() if name not in {"before", "after"}}
        shown = changed | rest
    else:
        shown = {name: _value(value) for name, value in kept.items() if value not in (None, "", [], {})}
        if "agent" in shown:
            shown["agent"] = agent(shown["agent"])
    return tuple((_DETAILS.get(name, name), text[:LONGEST]) for name, text in shown.items())


def _value(value: Any) -> str:
    if value is None or value == "":
        return "kosong"
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value) or "kosong"
    if isinstance(value, dict):
        return "; ".join(f"{_DETAILS.get(name, name)}: {_value(each)}" for name, each in value.items())
    return str(value)
