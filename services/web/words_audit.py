"""What the audit log says: acts, to whom they were done, and what else was kept. Decides nothing."""

from collections.abc import Mapping
from typing import Any

from services.web.language import N_, _
from services.web.words import came

_WHOLE = {
    "login.done": N_("Masuk ke SIKPRO"),
    "login.failed": N_("Gagal masuk"),
    "login.ended": N_("Keluar"),
    "delivery.sent_again": N_("Mengirim ulang pesan"),
    "chat.held": N_("Menahan obrolan"),
    "chat.released": N_("Melepaskan obrolan"),
    "event.heard_again": N_("Mencoba lagi kejadian"),
    "update.handled_again": N_("Mencoba lagi pesan masuk"),
    "password.changed": N_("Mengganti kata sandi"),
    "password.refused": N_("Gagal mengganti kata sandi"),
    "token.made": N_("Membuat token API"),
    "token.revoked": N_("Mencabut token API"),
    "session.ended": N_("Mengakhiri sesi"),
    "sessions.ended": N_("Mengakhiri semua sesi lain"),
    "group.code_made": N_("Membuat kode ikat grup"),
    "group.invited": N_("Membuat tautan masuk grup"),
    "join.admitted": N_("Masuk grup karena terdaftar"),
    "join.approved": N_("Menerima permintaan masuk grup"),
    "join.declined": N_("Menolak permintaan masuk grup"),
    "person.recognised": N_("Akun Telegram dikenali dari namanya"),
    "person.left": N_("Akses berakhir karena keluar dari grup"),
    "person.came_back": N_("Akses kembali karena masuk lagi ke grup"),
    "group.bound": N_("Mengikat grup"),
    "group.unbound": N_("Melepas ikatan grup"),
    "group.pins": N_("Menyematkan kartu order di grup"),
    "group.pins_no_more": N_("Tidak lagi menyematkan kartu order di grup"),
    "group.released": N_("Mencoba lagi grup"),
    "person.password_set": N_("Membuat kata sandi"),
    "person.invited": N_("Mengundang pengguna"),
    "sto.moved": N_("Memindahkan STO"),
    "sto.move_taken_back": N_("Membatalkan pemindahan STO"),
    "technician.applied": N_("Teknisi mendaftar"),
    "technician.approved": N_("Menyetujui teknisi"),
    "technician.refused": N_("Menolak teknisi"),
    "moves.changed": N_("Mengubah perpindahan status"),
    "sla.target": N_("Mengubah target SLA"),
    "delivery.discarded": N_("Membuang pesan"),
    "event.discarded": N_("Membuang kejadian"),
    "update.discarded": N_("Membuang pesan masuk"),
    "notify.rule_added": N_("Menambah aturan pemberitahuan"),
    "notify.rule_removed": N_("Menghapus aturan pemberitahuan"),
    "notify.minutes": N_("Mengubah waktu eskalasi"),
    "contact.changed": N_("Mengubah aturan kontak"),
    "webhook.paused": N_("Menjeda webhook"),
    "webhook.resumed": N_("Melanjutkan webhook"),
    "webhook.rotated": N_("Mengganti rahasia webhook"),
    "webhook.tested": N_("Mencoba webhook"),
    "webhook.sent_again": N_("Mengirim ulang webhook"),
    "schedule.made": N_("Menjadwalkan laporan"),
    "schedule.changed": N_("Mengubah jadwal laporan"),
    "schedule.paused": N_("Menjeda jadwal laporan"),
    "schedule.resumed": N_("Melanjutkan jadwal laporan"),
    "schedule.ended": N_("Menghapus jadwal laporan"),
    "schedule.sent": N_("Mengirim laporan terjadwal"),
    "sla.hours": N_("Mengubah jam kerja"),
    "account.phone_revealed": N_("Membuka nomor telepon pelanggan"),
    "account.marked_paid": N_("Menandai tunggakan lunas"),
    "account.assigned": N_("Memberi tugas penagihan"),
    "account.dealt": N_("Membagi rata tugas penagihan"),
    "account.read": N_("Membaca data lengkap pelanggan di Telegram"),
    "account.listed": N_("Membaca daftar tugas penagihan di Telegram"),
    "account.sent": N_("Mengirim pelanggan ke chat petugas"),
    "account.resumed": N_("Penagihan dilanjutkan setelah gangguan"),
    "account.printed": N_("Mencetak rute penagihan"),
    "sla.recipients": N_("Mengubah penerima peringatan SLA"),
    "import.uploaded": N_("Mengunggah berkas impor"),
    "import.approved": N_("Menerapkan impor"),
    "import.cancelled": N_("Membatalkan impor"),
    "import.undo_asked": N_("Mengurungkan impor"),
}
_VERBS = {
    "added": N_("Menambah"),
    "changed": N_("Mengubah"),
    "removed": N_("Menghapus"),
    "disabled": N_("Menonaktifkan"),
    "deactivated": N_("Menonaktifkan"),
    "enabled": N_("Mengaktifkan"),
    "activated": N_("Mengaktifkan"),
    "exported": N_("Mengunduh"),
    "made": N_("Membuat"),
    "deleted": N_("Menghapus"),
    "restored": N_("Memulihkan"),
    "purged": N_("Memusnahkan"),
    "ended": N_("Mengakhiri"),
    "released": N_("Melepaskan"),
    "revoked": N_("Mencabut"),
}
_THINGS = {
    "person": N_("pengguna"),
    "site": N_("Site Operation"),
    "sto": N_("STO"),
    "unit": N_("unit"),
    "type": N_("tipe order"),
    "status": N_("status"),
    "reason": N_("alasan"),
    "holiday": N_("hari libur"),
    "group": N_("grup"),
    "chat": N_("obrolan"),
    "order": N_("order"),
    "account": N_("tunggakan"),
    "report": N_("laporan"),
    "audit": N_("jejak audit"),
    "token": N_("token API"),
    "session": N_("sesi"),
    "delivery": N_("pesan"),
    "outbox": N_("kejadian"),
    "inbox": N_("pesan masuk"),
    "target": N_("target SLA"),
    "schedule": N_("jadwal laporan"),
    "import": N_("impor"),
    "webhook": N_("webhook"),
    "rule": N_("aturan"),
    "ladder": N_("eskalasi"),
    "contact": N_("aturan kontak"),
}
_KEYS = {
    "house": "SIKPRO",
    "harian": N_("harian"),
    "bulanan": N_("bulanan"),
    "waktu": N_("waktu kerja"),
    "list": N_("daftar"),
}
_DETAILS = {
    "agent": N_("peramban"),
    "berkas": N_("berkas"),
    "saringan": N_("saringan"),
    "held": N_("sebab ditahan"),
    "why": N_("sebab"),
    "was": N_("sebelumnya"),
    "order_id": N_("id order"),
    "status": N_("status"),
    "deleted_by": N_("dihapus oleh"),
    "days": N_("hari di Sampah"),
    "kind": N_("jenis"),
    "chat": N_("obrolan"),
    "order": N_("order"),
    "event": N_("kejadian"),
    "consumer": N_("pengolah"),
    "name": N_("nama"),
    "mark": N_("tanda"),
    "before": N_("sebelum"),
    "after": N_("sesudah"),
    "title": N_("judul"),
    "url": N_("alamat"),
    "events": N_("kejadian"),
    "site": N_("Site Operation"),
    "dari": N_("dari"),
    "sampai": N_("sampai"),
    "rows": N_("baris"),
    "bulan": N_("bulan"),
    "tipe": N_("tipe"),
    "orang": N_("orang"),
    "apa": N_("tindakan"),
    "accounts": N_("pelanggan"),
    "collector": N_("petugas"),
    "crew": N_("petugas"),
    "bytes": N_("bita"),
    "blank": N_("kosong"),
    "accepted": N_("diterima"),
    "refused": N_("ditolak"),
    "new": N_("baru"),
    "changed": N_("berubah"),
    "same": N_("sama"),
    "missing": N_("hilang"),
    "amount": N_("jumlah rupiah"),
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
    browser = browser or _("Peramban lain")
    return _("{browser} di {system}", browser=browser, system=system) if system else browser


def act(code: str) -> str:
    """What was done; an act that we have no words for is named by its code."""
    if code in _WHOLE:
        return _(_WHOLE[code])
    thing, _dot, verb = code.partition(".")
    return f"{_(_VERBS[verb])} {_(_THINGS[thing])}" if verb in _VERBS and thing in _THINGS else code


def subject(said: str, names: Mapping[int, str]) -> str:
    """What it was done to: "pengguna Nadia Putri", "obrolan -100…"."""
    thing, _colon, key = said.partition(":")
    if thing == "person" and key.isdigit():
        return names.get(int(key), _("pengguna {key}", key=key))
    return f"{_(_THINGS.get(thing, thing))} {_(_KEYS.get(key, key))}".strip()


def source(code: str) -> str:
    """From where."""
    return came(code)


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
    return tuple((_(_DETAILS.get(name, name)), text[:LONGEST]) for name, text in shown.items())


def _value(value: Any) -> str:
    if value is None or value == "":
        return _("kosong")
    if isinstance(value, bool):
        return _("ya") if value else _("tidak")
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value) or _("kosong")
    if isinstance(value, dict):
        return "; ".join(f"{_(_DETAILS.get(str(name), str(name)))}: {_value(each)}" for name, each in value.items())
    return str(value)
