"""What the import pages say: states, phases, troubles at the door, fields and old and new values. Decides nothing."""

from collections.abc import Mapping
from typing import Any

from services.web import language
from services.web.labels import decimal, number, rupiah
from services.web.language import N_, _
from services.web.view import Category, Status
from services.web.view_imports import Trouble
from shared.arrears import say
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.identifiers import one_line

KINDS: Mapping[Kind, str] = {Kind.ARREARS: N_("Tunggakan"), Kind.ORDERS: N_("Order")}
STATES: Mapping[BatchState, tuple[str, Category]] = {
    BatchState.READING: (N_("Sedang diperiksa"), "working"),
    BatchState.MAPPING: (N_("Menunggu pencocokan kolom"), "received"),
    BatchState.READY: (N_("Siap diterapkan"), "received"),
    BatchState.REFUSED: (N_("Tidak dapat dipakai"), "obstacle"),
    BatchState.APPLYING: (N_("Sedang diterapkan"), "working"),
    BatchState.APPLIED: (N_("Diterapkan"), "done"),
    BatchState.UNDOING: (N_("Sedang diurungkan"), "working"),
    BatchState.UNDONE: (N_("Diurungkan"), "cancelled"),
    BatchState.CANCELLED: (N_("Dibatalkan"), "cancelled"),
    BatchState.EXPIRED: (N_("Kedaluwarsa"), "cancelled"),
}
PHASES = {
    "": N_("Menunggu giliran"),
    "waiting": N_("Menunggu giliran"),
    "reading": N_("Membaca berkas"),
    "checking": N_("Memeriksa setiap baris"),
    "comparing": N_("Membandingkan dengan data sekarang"),
    "applying": N_("Menerapkan perubahan"),
}
AT_DOOR = {
    "not_allowed": (
        N_("Berkas tidak diterima: sesi halaman ini sudah lama, atau Anda tidak berwenang atas jenis berkas itu."),
        N_("Muat ulang halaman ini, lalu unggah lagi."),
    ),
    "file.too_large": (
        N_("Berkas ini lebih besar dari batas unggahan."),
        N_("Bagi menjadi beberapa berkas, atau simpan sebagai XLSX, lalu unggah lagi."),
    ),
    "file.missing": (
        N_("Belum ada berkas yang dikirim, atau berkasnya kosong."),
        N_("Pilih berkas yang berisi, lalu unggah."),
    ),
    "file.several": (N_("Hanya satu berkas dapat diunggah sekaligus."), N_("Unggah satu per satu.")),
    "away": (N_("Penyimpanan sedang tidak dapat dihubungi."), N_("Tunggu sebentar, lalu unggah lagi.")),
    "disk_full": (
        N_("Penyimpanan server penuh, jadi berkas ini tidak disimpan."),
        N_("Hubungi admin, lalu unggah lagi."),
    ),
    "failed": (N_("Berkas tidak dapat diterima."), N_("Unggah lagi; bila terulang, hubungi admin.")),
}
"""What the ingest service answers a form, in the address of the page."""
ACCOUNT_STATES = {"open": N_("menunggak"), "presumed_paid": N_("diduga lunas"), "paid": N_("lunas")}
OWN = {"state": N_("Keadaan tunggakan"), "extra": N_("Data tambahan")}
MOVED: Mapping[BatchState, str] = {
    BatchState.READING: N_("Kolomnya baru saja diubah{who}; berkas sedang diperiksa lagi."),
    BatchState.MAPPING: N_("Kolomnya harus dicocokkan lagi."),
    BatchState.READY: N_("Perbedaannya sudah dihitung lagi. Periksa angkanya di bawah."),
    BatchState.REFUSED: N_("Berkas ini ternyata tidak dapat dipakai."),
    BatchState.APPLYING: N_("Impor ini sedang diterapkan{who}."),
    BatchState.APPLIED: N_("Impor ini sudah diterapkan{who}."),
    BatchState.UNDOING: N_("Impor ini sedang diurungkan{who}."),
    BatchState.UNDONE: N_("Impor ini sudah diurungkan{who}."),
    BatchState.CANCELLED: N_("Impor ini sudah dibatalkan{who}."),
    BatchState.EXPIRED: N_("Pratinjau ini sudah kedaluwarsa. Unggah berkasnya lagi."),
}
LONGEST_CELL = 120  # characters of a cell that are shown


def state(batch: ImportBatch) -> Status:
    """How an import stands."""
    label, category = STATES[batch.state]
    return Status(str(batch.state), _(label), category)


def phase(name: str) -> str:
    """What the worker does."""
    return _(PHASES.get(name, "Menunggu giliran"))


def at_door(code: str) -> Trouble:
    """Why an upload was not taken."""
    if said := AT_DOOR.get(code):
        return Trouble(_(said[0]), _(said[1]))
    if code in say.TROUBLE:
        return Trouble(*say.trouble({"code": code}, language.current()))
    return Trouble(_(AT_DOOR["failed"][0]), _(AT_DOOR["failed"][1]))


def trouble(batch: ImportBatch) -> Trouble | None:
    """What is wrong with a file, or with how it went."""
    if not batch.trouble:
        return None
    return Trouble(*say.trouble(batch.trouble, language.current()))


def moved(now: ImportBatch, who: str) -> str:
    """Why an act was not done: how the import stands meanwhile."""
    by = _(" oleh {who}", who=who) if who else ""
    return _(MOVED[now.state]).format(who=by)


def size(n: int) -> str:
    """`2,1 MB`"""
    if n < 1_000_000:
        return f"{decimal(max(n, 100) / 1000)}\u00a0KB"
    return f"{decimal(n / 1_000_000)}\u00a0MB"


def shown(text: Any, longest: int = LONGEST_CELL) -> str:
    """A cell as it may stand on a page: one line, signs that cannot be seen or turn the text as a dot, not too long."""
    raw = str(text)[: 4 * longest]
    seen = "".join(sign if sign.isprintable() else (" " if sign.isspace() else "·") for sign in raw)
    seen = " ".join(seen.split())
    return seen if len(seen) <= longest else seen[: longest - 1] + "…"


def field(name: str) -> str:
    """A field as people call it."""
    if name in OWN:
        return _(OWN[name])
    return say.field({"sto_id": "sto"}.get(name, name), language.current())


def value(name: str, given: str | None, stos: Mapping[int, str]) -> str:
    """An old or new value of a field, as pages write it; empty for none."""
    if given is None or given == "":
        return ""
    if name == "amount" and given.lstrip("-").isdigit():
        return rupiah(int(given))
    if name in {"months", "age"} and given.isdigit():
        return number(int(given))
    if name == "sto_id" and given.isdigit():
        return stos.get(int(given), given)
    if name == "state":
        return _(ACCOUNT_STATES[given]) if given in ACCOUNT_STATES else given
    if name == "phone":
        plain = one_line(given)
        return "•" * max(0, min(len(plain) - 3, 9)) + plain[-3:]
    return shown(given)
