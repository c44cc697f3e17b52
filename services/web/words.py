"""What the web says in Indonesian about roles, mistakes and what happened. Decides nothing, reads nothing."""

from collections.abc import Mapping
from typing import Any

from services.web.labels import SOURCES
from services.web.view import Moment
from shared.errors import Invalid, NotAllowed, SikproError
from shared.identifiers import Doubt, indonesian
from shared.orders.events import DuplicateRefused, OrderChanged, OrderChangeUndone, OrderRegistered
from shared.orders.operations import TooLate
from shared.orders.queries import TimelineEntry
from shared.orders.states import IllegalMove, MasterData
from shared.people.models import Role

ROLES: Mapping[Role, str] = {
    Role.TECHNICIAN: "Teknisi",
    Role.COLLECTOR: "Petugas tagih",
    Role.HELPDESK: "Helpdesk",
    Role.TEAM_LEADER: "Team leader",
    Role.SUPERVISOR: "Supervisor",
    Role.ADMIN: "Admin",
}

FROM = {**SOURCES, "api": "API"}

WHY_NOT = {
    "no_move": "Tidak bisa langsung dari status ini.",
    "role": "Peran Anda tidak boleh melakukannya.",
    "here": "Order sudah di status ini.",
}

WRONG: Mapping[tuple[str, str], str] = {
    ("reason", "required"): "Pilih alasannya.",
    ("reason", "of_another_status"): "Alasan ini milik status lain. Pilih lagi.",
    ("reason", "not_a_number"): "Alasan ini tidak dikenal. Pilih lagi.",
    ("note", "required"): "Tulis keterangannya; perubahan ini memerlukannya.",
    ("note", "too_long"): "Terlalu panjang: paling banyak 4.000 karakter. Persingkat, lalu simpan lagi.",
    ("status", "unknown"): "Pilih status yang ada dalam daftar.",
    ("status", "missing"): "Pilih status baru.",
    ("version", "not_a_number"): "Halaman ini sudah usang. Muat ulang, lalu coba lagi.",
    ("change", "not_a_number"): "Perubahan ini tidak dikenal.",
    ("cursor", "not_ours"): "Alamat halaman berikutnya tidak dikenal. Buka antrean dari awal.",
    ("username", "too_long"): "Nama pengguna terlalu panjang.",
    ("request_key", "missing"): "Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi.",
    ("rows", "too_many"): "Lebih dari 1.000.000 baris tidak muat di Excel. Persempit saringan, atau unduh sebagai CSV.",
    ("number", "of_another_type"): "Nomor registrasi ini bukan bentuk nomor tipe order yang dipilih.",
    ("type", "unknown"): "Tipe order ini tidak ada dalam daftar.",
    ("sto", "unknown"): "STO ini tidak ada dalam daftar.",
}
GENERAL_WRONG = {
    "too_long": "Terlalu panjang.",
    "not_a_number": "Harus berupa angka.",
    "missing": "Belum diisi.",
    "unknown": "Tidak dikenal.",
}


def wrong(name: str, code: str) -> str:
    """Why one field was not taken."""
    return WRONG.get((name, code)) or GENERAL_WRONG.get(code) or "Isian ini tidak dapat dipakai."


def sentence(error: SikproError) -> str:
    """Why something was not done, in one sentence; empty where the status alone says enough."""
    if isinstance(error, Invalid):
        return " ".join(wrong(name, code) for name, code in error.fields.items())
    if isinstance(error, TooLate):
        return "Pesannya sudah dikirim, jadi tidak bisa diurungkan lagi. Ubah statusnya untuk mengirim koreksi."
    if isinstance(error, IllegalMove):
        return "Order tidak bisa berpindah ke status itu dari statusnya sekarang."
    if isinstance(error, NotAllowed):
        return "Peran atau wilayah Anda tidak mencakupnya."
    return ""


def warning(stored: Mapping[str, Any]) -> str:
    """A doubt that was kept with an order."""
    doubt = Doubt(str(stored.get("field", "")), str(stored.get("code", "")), stored.get("params") or {})
    return indonesian(doubt)


def moment(entry: TimelineEntry, data: MasterData) -> Moment:
    """One entry of a timeline in words; an event of a later version is named as it is."""
    event = entry.event
    source = FROM.get(event.source, event.source)
    who = entry.actor_name or "Sistem"
    match event.name:
        case OrderRegistered.name:
            text = "mendaftarkan order" if entry.actor_name else "menerima order"
            return Moment(event.at, "received", text, who=who, source=source)
        case OrderChanged.name:
            return _changed(entry, OrderChanged.read(event.payload), data, who, source)
        case OrderChangeUndone.name:
            undone = OrderChangeUndone.read(event.payload)
            text = f"mengurungkan, kembali ke {_label(undone.new, data)}"
            return Moment(event.at, "undo", text, who=who, source=source)
        case DuplicateRefused.name:
            refused = DuplicateRefused.read(event.payload)
            text = "mengirim nomor ini lagi; ditolak karena ganda"
            return Moment(event.at, "alert", text, who=refused.by or who, quote="", source=refused.where or source)
        case _:
            return Moment(event.at, "clock", event.name, who=who, source=source)


def _label(code: str, data: MasterData) -> str:
    status = data.statuses.get(code)
    return status.label_id if status else code


def _changed(entry: TimelineEntry, change: OrderChanged, data: MasterData, who: str, source: str) -> Moment:
    status = data.statuses.get(change.new)
    reason = data.reasons.get(change.reason_id or 0)
    label = _label(change.new, data) + (f": {reason.label_id}" if reason else "")
    icon = status.category.value if status else "clock"
    taken = change.new_holder_id is not None and change.new_holder_id == entry.event.actor_id
    if change.old == change.new and change.old_holder_id != change.new_holder_id and taken:
        return Moment(entry.event.at, "user", "mengambil alih", who=who, source=source)
    if change.old == change.new:
        text = f"memberi umpan balik ({label})" if change.note else f"memperbarui {label}"
        return Moment(entry.event.at, "msg", text, who=who, quote=change.note, source=source)
    if change.reopened:
        text = f"membuka kembali, menjadi {label}"
    elif change.old_holder_id is None and taken and icon == "working":
        text = f"mengambil, menjadi {label}"
    else:
        text = f"mengubah menjadi {label}"
    return Moment(entry.event.at, icon, text, who=who, quote=change.note, source=source)
