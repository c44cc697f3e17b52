"""What the web says about acts on many orders: titles, what was done, why one was skipped. Decides nothing."""

from collections.abc import Iterable

from services.web import labels, words
from services.web.language import N_, _, name_of, ngettext
from services.web.view_bulk import BulkGroup, BulkLine
from shared.orders.bulk import Skipped
from shared.orders.states import MasterData

TITLES = {
    "status": N_("Ubah status"),
    "assign": N_("Tugaskan"),
    "take": N_("Ambil alih"),
    "delete": N_("Hapus"),
}
WHY = {
    "role": N_("peran Anda tidak boleh"),
    "mine": N_("sudah Anda pegang"),
    "gone": N_("tidak ada lagi, atau di luar wilayah Anda"),
    "told": N_("pesannya sudah dikirim"),
}
WRONG = {
    ("status", "missing"): N_("Pilih status baru."),
    ("status", "unknown"): N_("Pilih status yang ada dalam daftar."),
    ("reason", "required"): N_("Pilih alasannya."),
    ("reason", "of_another_status"): N_("Alasan ini milik status lain. Pilih lagi."),
    ("reason", "not_a_number"): N_("Alasan ini tidak dikenal. Pilih lagi."),
    ("note", "required"): N_("Tulis keterangannya; perubahan ini memerlukannya."),
    ("note", "too_long"): N_("Terlalu panjang. Persingkat, lalu coba lagi."),
    ("to", "missing"): N_("Pilih siapa yang memegangnya."),
    ("to", "not_a_number"): N_("Pilih orang dari daftar."),
    ("to", "unknown"): N_("Orang ini tidak dapat memegang semua order yang dipilih. Pilih dari daftar."),
    ("to", "self"): N_("Untuk diri sendiri, pakai Ambil alih."),
    ("count", "not_the_same"): N_("Ketik jumlah order yang akan dihapus, persis seperti yang tertulis."),
}


def wrong(name: str, code: str) -> str:
    """Why one field was not taken."""
    return _(WRONG[name, code]) if (name, code) in WRONG else words.wrong(name, code)


def outcome(kind: str, what: str, n: int, data: MasterData, holder: str) -> str:
    """What was done to n orders, as in "24 order menjadi Selesai"."""
    if kind == "status":
        status = data.statuses.get(what)
        label = name_of(status) if status else what
        return ngettext("{n} order menjadi {label}", "{n} order menjadi {label}", n, label=label)
    if kind == "assign":
        return ngettext("{n} order ditugaskan ke {holder}", "{n} order ditugaskan ke {holder}", n, holder=holder)
    if kind == "take":
        return ngettext("{n} order Anda ambil", "{n} order Anda ambil", n)
    return ngettext("{n} order dihapus", "{n} order dihapus", n)


def why(skipped: Skipped, data: MasterData, zone: str) -> str:
    """Why an order was, or will be, skipped."""
    status = data.statuses.get(skipped.status)
    label = name_of(status) if status else skipped.status
    match skipped.why:
        case "already" | "closed":
            return _("sudah {label}", label=label)
        case "no_move":
            return _("tidak bisa dari {label}", label=label)
        case "holder":
            return _("sudah dipegang {holder}", holder=skipped.by)
        case "changed" if skipped.at is not None:
            who = skipped.by or _("Sistem")
            return _("diubah {who} pukul {at}", who=who, at=labels.time(skipped.at, zone))
        case "changed":
            return _("diubah orang lain")
        case code:
            return _(WHY.get(code, code))


def grouped(lines: Iterable[BulkLine]) -> tuple[BulkGroup, ...]:
    """Skipped orders by their reason, the commonest first."""
    groups: dict[str, list[BulkLine]] = {}
    for line in lines:
        groups.setdefault(line.why, []).append(line)
    ordered = sorted(groups.items(), key=lambda each: -len(each[1]))
    return tuple(BulkGroup(why, tuple(each)) for why, each in ordered)


def summary(done: str, skipped: tuple[BulkGroup, ...], missing: int = 0) -> str:
    """As in "24 order menjadi Selesai, 3 dilewati (sudah Batal)"."""
    left = sum(len(group.lines) for group in skipped) + missing
    if not left:
        return f"{done}."
    reasons = [group.why for group in skipped] + ([_(WHY["gone"])] if missing else [])
    said = ngettext("{n} dilewati ({why})", "{n} dilewati ({why})", left, why="; ".join(reasons))
    return f"{done}, {said}."
