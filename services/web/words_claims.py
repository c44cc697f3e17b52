"""What the web says about presence, notices, and handovers. Decides nothing, reads nothing."""

from collections.abc import Mapping, Sequence

from services.web import words_trouble
from services.web.language import N_, _, ngettext
from shared.desk.models import Is, Line
from shared.desk.notices import Told
from shared.errors import Invalid, SikproError
from shared.orders.events import OrderChanged

PRESENCE: Mapping[str, str] = {Is.ONLINE: N_("Hadir"), Is.BREAK: N_("Istirahat"), Is.OFF: N_("Tidak hadir")}
LINES: Mapping[Line, str] = {
    Line.WAITING: N_("menunggu"),
    Line.GIVEN: N_("diserahkan"),
    Line.ACCEPTED: N_("diterima"),
    Line.DECLINED: N_("ditolak"),
    Line.SKIPPED: N_("dilewati"),
    Line.WITHDRAWN: N_("ditarik"),
    Line.EXPIRED: N_("kedaluwarsa"),
}
SKIPPED: Mapping[str, str] = {
    "closed": N_("Order ini sudah ditutup, jadi dilewati."),
    "moved": N_("Order ini sudah berpindah pemegang, jadi dilewati."),
}
WRONG: Mapping[tuple[str, str], str] = {
    ("to", "unknown"): N_("Pilih rekan dari daftar; ia harus mencakup STO semua order yang diserahkan."),
    ("to", "not_a_number"): N_("Pilih rekan yang akan menerimanya."),
    ("to", "self"): N_("Pilih rekan lain, bukan Anda sendiri."),
    ("to", "holder"): N_("Orang itu sudah memegang order ini."),
    ("words", "required"): N_("Tulis mengapa Anda menolak, supaya rekan Anda tahu."),
    ("words", "too_long"): N_("Terlalu panjang: paling banyak 500 karakter."),
    ("note", "too_long"): N_("Terlalu panjang: paling banyak 500 karakter."),
    ("promise", "too_long"): N_("Janji terlalu panjang: paling banyak 200 karakter."),
    ("orders", "none"): N_("Centang paling sedikit satu order."),
    ("orders", "none_left"): N_("Order yang Anda centang sudah ditutup atau berpindah pemegang."),
    ("orders", "waiting"): N_("Semua order yang Anda centang sudah diserahkan dan menunggu jawaban."),
    ("orders", "too_many"): N_("Paling banyak 100 order sekali serah terima."),
    ("presence", "unknown"): N_("Pilih Hadir, Istirahat, atau Tidak hadir."),
}


def sentence(error: SikproError) -> str:
    """Why a claim or an answer was not taken, or nothing where that is said elsewhere."""
    if isinstance(error, Invalid):
        return " ".join(_(WRONG[each]) for each in error.fields.items() if each in WRONG)
    match type(error).__name__:
        case "NotHolder":
            return _("Anda tidak memegang order ini, jadi tidak dapat melepas atau menyerahkannya.")
        case "NothingToAnswer":
            return _("Serah terima ini sudah dijawab, ditarik, atau kedaluwarsa. Tidak ada yang berubah.")
        case _:
            return ""


def colleague(name: str, state: Is, orders: int) -> str:
    """`Rudi Hartono · hadir · 4 order`"""
    held = ngettext("{n} order", "{n} order", orders)
    return f"{name} · {_(PRESENCE[state]).lower()} · {held}"


def also(names: Sequence[str]) -> str:
    """`Rudi Hartono juga membuka order ini.`"""
    if not names:
        return ""
    if len(names) == 1:
        return _("{who} juga membuka order ini.", who=names[0])
    return _("{who} dan {n} orang lagi juga membuka order ini.", who=names[0], n=len(names) - 1)


def counts(found: Mapping[Line, int]) -> tuple[str, ...]:
    """`5 diterima`, `1 dilewati`"""
    return tuple(f"{found[state]} {_(LINES[state])}" for state in Line if found.get(state))


def notice(told: Told) -> str:
    """A notice in one sentence."""
    who, no, n = told.actor or _("Sistem"), told.number, told.notice.n
    match told.notice.kind:
        case "taken_over":
            return _("{who} mengambil alih {no} dari Anda.", who=who, no=no)
        case "moved":
            return _("{who} memindahkan {no} dari Anda.", who=who, no=no)
        case "given":
            return _("{who} menyerahkan {no} kepada Anda.", who=who, no=no)
        case "returned":
            return _("{who} mengembalikan {no} kepada Anda.", who=who, no=no)
        case "assigned":
            return _("{who} menugaskan {no} kepada Anda.", who=who, no=no)
        case "handover":
            return ngettext(
                "{who} menyerahkan {n} order kepada Anda.", "{who} menyerahkan {n} order kepada Anda.", n, who=who
            )
        case "accepted":
            return ngettext("{who} menerima {n} order dari Anda.", "{who} menerima {n} order dari Anda.", n, who=who)
        case "answered":
            return _("{who} menjawab pertanyaan Anda tentang {no}.", who=who, no=no)
        case "sla_near":
            return _("{no} hampir lewat SLA.", no=no)
        case "sla_late":
            return _("{no} sudah lewat SLA.", no=no)
        case "house":
            return _("{trouble}. Lihat Kesehatan.", trouble=words_trouble.title(told.notice.note))
        case "declined":
            return ngettext("{who} menolak {n} order dari Anda.", "{who} menolak {n} order dari Anda.", n, who=who)
        case _:
            return _("{who} menarik kembali serah terimanya.", who=who)


def note(told: Told) -> str:
    """What somebody wrote beside a notice; that of the house's own is no word of anybody."""
    return "" if told.notice.kind == "house" else told.notice.note


def where(told: Told) -> str:
    """The page a notice leads to."""
    if told.notice.kind == "house":
        return "/kesehatan"
    if told.notice.handover_id is not None:
        return f"/serah-terima/{told.notice.handover_id}"
    return f"/order/{told.number}" if told.number else "/serah-terima"


def act(change: OrderChanged, label: str) -> str:
    """What was done about the holder, for the timeline; empty when that was not the point."""
    match change.act:
        case "released":
            return _("melepas order, kini {label}", label=label)
        case "handed":
            return _("menyerahkan kepada {whom}", whom=change.whom)
        case "assigned":
            return _("menugaskan kepada {whom}", whom=change.whom)
        case "declined":
            return _("menolak, kembali kepada {whom}", whom=change.whom) if change.whom else _("menolak")
        case "accepted":
            return _("menerima serah terima dari {whom}", whom=change.whom)
        case _:
            return ""


def toast(change: OrderChanged, label: str) -> str:
    """The same for whoever did it; begins after the order's number."""
    match change.act:
        case "released":
            return _("dilepas, kini {label}.", label=label)
        case "handed":
            return _("diserahkan kepada {whom}.", whom=change.whom)
        case "assigned":
            return _("ditugaskan kepada {whom}.", whom=change.whom)
        case "declined":
            return _("ditolak, kembali kepada {whom}.", whom=change.whom) if change.whom else _("ditolak.")
        case "accepted":
            return _("diterima dari {whom}.", whom=change.whom)
        case _:
            return ""
