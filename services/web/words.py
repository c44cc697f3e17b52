"""What the web says about roles, mistakes and what happened. Decides nothing, reads nothing."""

from collections.abc import Mapping
from typing import Any

from services.web import language, words_claims
from services.web.labels import SOURCES
from services.web.language import N_, _, name_of
from services.web.view import Moment
from shared.errors import Invalid, NotAllowed, SikproError
from shared.identifiers import Doubt
from shared.orders.box import Trouble
from shared.orders.events import (
    DuplicateRefused,
    OrderChanged,
    OrderChangeUndone,
    OrderCorrected,
    OrderDeleted,
    OrderDeletionUndone,
    OrderPhotoAdded,
    OrderRegistered,
    OrderRestored,
)
from shared.orders.operations import TooLate
from shared.orders.queries import TimelineEntry
from shared.orders.states import IllegalMove, MasterData
from shared.people.models import Role
from shared.sla.events import SlaAlerted
from shared.talk.events import OrderAnswered, OrderAsked
from shared.words import doubt as say_doubt

ROLES: Mapping[Role, str] = {
    Role.TECHNICIAN: N_("Teknisi"),
    Role.COLLECTOR: N_("Petugas tagih"),
    Role.HELPDESK: N_("Helpdesk"),
    Role.TEAM_LEADER: N_("Team leader"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.ADMIN: N_("Admin"),
}

FROM = {**SOURCES, "api": "API"}

WHY_NOT = {
    "no_move": N_("Tidak bisa langsung dari status ini."),
    "role": N_("Peran Anda tidak boleh melakukannya."),
    "here": N_("Order sudah di status ini."),
}

WRONG: Mapping[tuple[str, str], str] = {
    ("reason", "required"): N_("Pilih alasannya."),
    ("reason", "of_another_status"): N_("Alasan ini milik status lain. Pilih lagi."),
    ("reason", "not_a_number"): N_("Alasan ini tidak dikenal. Pilih lagi."),
    ("note", "required"): N_("Tulis keterangannya; perubahan ini memerlukannya."),
    ("note", "too_long"): N_("Terlalu panjang: paling banyak 4.000 karakter. Persingkat, lalu simpan lagi."),
    ("status", "unknown"): N_("Pilih status yang ada dalam daftar."),
    ("status", "missing"): N_("Pilih status baru."),
    ("version", "not_a_number"): N_("Halaman ini sudah usang. Muat ulang, lalu coba lagi."),
    ("change", "not_a_number"): N_("Perubahan ini tidak dikenal."),
    ("cursor", "not_ours"): N_("Alamat halaman berikutnya tidak dikenal. Buka antrean dari awal."),
    ("username", "too_long"): N_("Nama pengguna terlalu panjang."),
    ("picked", "none"): N_("Belum ada order yang dipilih. Centang dulu di antrean."),
    ("picked", "too_many"): N_("Paling banyak 100 order sekaligus. Kurangi pilihan."),
    ("why", "required"): N_("Tulis alasan menghapusnya; teknisinya membaca alasan ini."),
    ("why", "too_long"): N_("Terlalu panjang: alasan menghapus paling banyak 500 karakter."),
    ("act", "unknown"): N_("Tindakan ini tidak dikenal. Pilih lagi di antrean."),
    ("request_key", "missing"): N_("Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi."),
    ("rows", "too_many"): N_(
        "Lebih dari 1.000.000 baris tidak muat di Excel. Persempit saringan, atau unduh sebagai CSV."
    ),
    ("number", "of_another_type"): N_("Nomor registrasi ini bukan bentuk nomor tipe order yang dipilih."),
    ("type", "unknown"): N_("Tipe order ini tidak ada dalam daftar."),
    ("sto", "unknown"): N_("STO ini tidak ada dalam daftar."),
    ("ask", "required"): N_("Tulis pertanyaannya."),
    ("ask", "too_long"): N_("Terlalu panjang: paling banyak 1.000 karakter. Persingkat, lalu kirim lagi."),
    ("ask", "nobody"): N_("Teknisi order ini tidak ada di Telegram, jadi tidak dapat ditanya."),
}
FIELDS: Mapping[str, str] = {
    "type": N_("Tipe"),
    "sc": N_("Nomor registrasi"),
    "sn": "SN",
    "sto": "STO",
    "odp": "ODP",
    "tech": N_("Kode teknisi"),
    "note": N_("Catatan"),
}
GENERAL_WRONG = {
    "too_long": N_("Terlalu panjang."),
    "not_a_number": N_("Harus berupa angka."),
    "missing": N_("Belum diisi."),
    "unknown": N_("Tidak dikenal."),
}


def came(source: str) -> str:
    """From where something came: Telegram, the dashboard, a file."""
    return _(FROM.get(source, source))


def wrong(name: str, code: str) -> str:
    """Why one field was not taken."""
    if said := words_claims.WRONG.get((name, code)) if name in {"to", "words", "presence"} else None:
        return _(said)
    return _(WRONG.get((name, code)) or GENERAL_WRONG.get(code) or N_("Isian ini tidak dapat dipakai."))


def sentence(error: SikproError) -> str:
    """Why something was not done, in one sentence; empty where the status alone says enough."""
    if said := words_claims.sentence(error):
        return said
    if isinstance(error, Invalid):
        return " ".join(wrong(name, code) for name, code in error.fields.items())
    if isinstance(error, TooLate):
        return _("Pesannya sudah dikirim, jadi tidak bisa diurungkan lagi. Ubah statusnya untuk mengirim koreksi.")
    if isinstance(error, IllegalMove):
        return _("Order tidak bisa berpindah ke status itu dari statusnya sekarang.")
    if isinstance(error, NotAllowed):
        return _("Peran atau wilayah Anda tidak mencakupnya.")
    return ""


def warning(stored: Mapping[str, Any]) -> str:
    """A doubt that was kept with an order."""
    doubt = Doubt(str(stored.get("field", "")), str(stored.get("code", "")), stored.get("params") or {})
    return say_doubt(doubt, language.current())


def box_trouble(trouble: Trouble) -> str:
    """`ODP-SDA-003: bulan ini sudah 3× ODP penuh.`"""
    return _("{odp}: bulan ini sudah {n}× {reason}.", odp=trouble.odp, n=trouble.orders, reason=name_of(trouble.reason))


def same_serial(number: str) -> str:
    """Another open order has this modem."""
    return _("SN modem ini juga dipakai order {other} yang masih aktif.", other=number)


def moment(entry: TimelineEntry, data: MasterData) -> Moment:
    """One entry of a timeline in words; an event of a later version is named as it is."""
    event = entry.event
    source = came(event.source)
    who = entry.actor_name or _("Sistem")
    match event.name:
        case OrderRegistered.name:
            text = _("mendaftarkan order") if entry.actor_name else _("menerima order")
            return Moment(event.at, "received", text, who=who, source=source)
        case OrderChanged.name:
            return _changed(entry, OrderChanged.read(event.payload), data, who, source)
        case OrderChangeUndone.name:
            undone = OrderChangeUndone.read(event.payload)
            text = _("mengurungkan, kembali ke {label}", label=_label(undone.new, data))
            return Moment(event.at, "undo", text, who=who, source=source)
        case OrderPhotoAdded.name:
            added = OrderPhotoAdded.read(event.payload)
            return Moment(event.at, "msg", _("mengirim foto"), who=who, quote=added.caption, source=source)
        case OrderAsked.name:
            asked = OrderAsked.read(event.payload)
            return Moment(event.at, "msg", _("bertanya kepada teknisi"), who=who, quote=asked.words, source=source)
        case OrderAnswered.name:
            said_back = OrderAnswered.read(event.payload)
            return Moment(event.at, "msg", _("menjawab pertanyaan"), who=who, quote=said_back.words, source=source)
        case OrderCorrected.name:
            mended = [
                f"{_(FIELDS.get(name, name))}: {old or '–'} → {new or '–'}"
                for name, old, new in OrderCorrected.read(event.payload).changes
            ]
            return Moment(event.at, "undo", _("mengoreksi order"), who=who, quote="; ".join(mended), source=source)
        case SlaAlerted.name:
            said = {"near": N_("80% dari target sudah terpakai"), "late": N_("target SLA terlewat")}
            level = SlaAlerted.read(event.payload).level
            return Moment(event.at, "alert", _(said.get(level, level)), source=source)
        case DuplicateRefused.name:
            refused = DuplicateRefused.read(event.payload)
            text = _("mengirim nomor ini lagi; ditolak karena ganda")
            return Moment(event.at, "alert", text, who=refused.by or who, quote="", source=refused.where or source)
        case OrderDeleted.name:
            reason = OrderDeleted.read(event.payload).reason
            return Moment(event.at, "trash", _("menghapus order"), who=who, quote=reason, source=source)
        case OrderDeletionUndone.name | OrderRestored.name:
            return Moment(event.at, "undo", _("mengembalikan order dari Sampah"), who=who, source=source)
        case _:
            return Moment(event.at, "clock", event.name, who=who, source=source)


def _label(code: str, data: MasterData) -> str:
    status = data.statuses.get(code)
    return name_of(status) if status else code


def _changed(entry: TimelineEntry, change: OrderChanged, data: MasterData, who: str, source: str) -> Moment:
    status = data.statuses.get(change.new)
    reason = data.reasons.get(change.reason_id or 0)
    label = _label(change.new, data) + (f": {name_of(reason)}" if reason else "")
    icon = status.category.value if status else "clock"
    taken = change.new_holder_id is not None and change.new_holder_id == entry.event.actor_id
    if act := words_claims.act(change, label):
        return Moment(entry.event.at, "user", act, who=who, quote=change.words, source=source)
    if change.old == change.new and change.old_holder_id != change.new_holder_id and taken:
        return Moment(entry.event.at, "user", _("mengambil alih"), who=who, source=source)
    if change.old == change.new:
        text = _("memberi umpan balik ({label})", label=label) if change.note else _("memperbarui {label}", label=label)
        return Moment(entry.event.at, "msg", text, who=who, quote=change.note, source=source)
    if change.reopened:
        text = _("membuka kembali, menjadi {label}", label=label)
    elif change.old_holder_id is None and taken and icon == "working":
        text = _("mengambil, menjadi {label}", label=label)
    else:
        text = _("mengubah menjadi {label}", label=label)
    return Moment(entry.event.at, icon, text, who=who, quote=change.note, source=source)
