"""What the arrears pages say of results, states, promises and mistakes. Decides nothing."""

from collections.abc import Mapping
from datetime import date, datetime

from services.web import labels
from services.web.language import N_, _
from services.web.view import Moment, Status
from services.web.view_arrears import Promised
from shared import clock
from shared.arrears.guards import Guard
from shared.arrears.models import AccountState, PromiseState, Result
from shared.arrears.queries import Story
from shared.errors import Invalid
from shared.words import MONTHS

RESULTS: Mapping[Result, str] = {
    Result.PROMISE: N_("Janji bayar"),
    Result.PAID: N_("Sudah bayar"),
    Result.NOBODY_HOME: N_("Rumah kosong"),
    Result.REFUSED: N_("Menolak"),
    Result.MOVED: N_("Pindah alamat"),
    Result.WANTS_OUT: N_("Minta cabut"),
    Result.FAULT: N_("Ada gangguan"),
}
STATES: Mapping[AccountState, str] = {
    AccountState.OPEN: N_("Menunggak"),
    AccountState.PRESUMED_PAID: N_("Diduga lunas"),
    AccountState.PAID: N_("Lunas"),
}
PROMISES: Mapping[PromiseState, str] = {
    PromiseState.OPEN: N_("menunggu"),
    PromiseState.KEPT: N_("ditepati"),
    PromiseState.BROKEN: N_("tidak ditepati"),
    PromiseState.REPLACED: N_("diganti janji baru"),
}
ACTS: Mapping[str, tuple[str, str]] = {
    "read": ("eye", N_("membaca data lengkap di Telegram")),
    "sent": ("send", N_("mengirim ke chat petugas")),
    "resumed": ("undo", N_("Gangguan ditangani, penagihan dilanjutkan")),
}
FIELDS: Mapping[str, str] = {
    "amount": N_("tunggakan"),
    "months": N_("bulan menunggak"),
    "name": N_("nama"),
    "address": N_("alamat"),
    "phone": N_("telepon"),
    "sto_id": "STO",
    "datel": N_("datel"),
    "product": N_("produk"),
    "customer_age": N_("umur pelanggan"),
    "segment": N_("segmen"),
    "collector_name": N_("petugas di daftar"),
    "payment_status": N_("status bayar"),
    "paid_on": N_("tanggal bayar"),
    "state": N_("keadaan"),
    "extra": N_("data tambahan"),
}
MISTAKES: Mapping[tuple[str, str], str] = {
    ("due", "missing"): N_("Isi tanggal janjinya."),
    ("due", "past"): N_("Tanggal janji sudah lewat. Pilih hari ini atau sesudahnya."),
    ("due", "too_far"): N_("Tanggal janji paling jauh 92 hari dari sekarang."),
    ("due", "not_a_day"): N_("Tanggal ini tidak dapat dibaca. Tulis seperti 23/11/2026."),
    ("amount", "not_an_amount"): N_(
        "Nominal ini tidak dapat dibaca, atau jauh di atas tunggakannya. Tulis seperti 150.000."
    ),
    ("result", "unknown"): N_("Pilih hasil kunjungannya."),
    ("note", "too_long"): N_("Terlalu panjang: catatan paling banyak 1.000 karakter."),
    ("to", "unknown"): N_("Pilih petugas yang ada dalam daftar."),
    ("collector", "unknown"): N_("Petugas ini tidak ada, atau tidak aktif lagi. Pilih yang lain."),
    ("crew", "missing"): N_("Centang petugas yang ikut dibagi."),
    ("crew", "unknown"): N_("Salah satu petugas tidak ada, atau tidak aktif lagi. Periksa pilihan."),
    ("accounts", "too_many"): N_("Paling banyak 5.000 pelanggan sekaligus. Persempit saringannya, misalnya per STO."),
    ("accounts", "none"): N_("Belum ada pelanggan yang dipilih. Centang dulu di daftar."),
    ("rows", "too_many"): N_(
        "Lebih dari 1.000.000 baris tidak muat di Excel. Persempit saringan, atau unduh sebagai CSV."
    ),
}
MOST_SENT = 200  # accounts one click may send
SENDING: Mapping[str, str] = {
    "none": N_("Belum ada pelanggan yang dipilih. Centang dulu di daftar."),
    "missing": N_("Belum ada petugas yang mengerjakan pelanggan ini. Bagikan dulu tugasnya."),
    "no_telegram": N_("Petugasnya belum terhubung ke Telegram. Isi nomor Telegramnya di halaman Pengguna."),
}
GUARDS: Mapping[str, str] = {
    "closed": N_("Pelanggan ini tidak menunggak lagi menurut daftar terbaru."),
    "paused": N_("Penagihan dijeda karena gangguan. Yang dapat dicatat: sudah bayar, atau ada gangguan."),
    "hours": N_(
        "Di luar jam kontak {opens}–{closes} {zone}. Boleh lagi {again}. Sekarang yang dapat dicatat: sudah bayar, "
        "atau ada gangguan."
    ),
    "weekly": N_(
        "Sudah {times} kali dihubungi dalam 7 hari. Boleh lagi {again}. Sekarang yang dapat dicatat: janji bayar, "
        "sudah bayar, atau ada gangguan."
    ),
}
_FIELD_OF = {"due": "tanggal", "amount": "nominal", "result": "hasil", "note": "catatan"}


def mistakes(error: Invalid) -> dict[str, str]:
    """The fields of our forms that are wrong, each with its words."""
    found = {}
    for name, code in error.fields.items():
        words = _(MISTAKES[name, code]) if (name, code) in MISTAKES else _("Isian ini tidak dapat dibaca.")
        found[_FIELD_OF.get(name, name)] = words
    return found


def guarded(against: Guard) -> str:
    """Why a customer may not be called on now, from when on it may, and what may be noted all the same."""
    return _(
        GUARDS[against.why],
        opens=f"{against.opens:%H:%M}",
        closes=f"{against.closes:%H:%M}",
        zone=clock.zone_name(against.zone),
        again=labels.moment(against.again, against.zone) if against.again else "",
        times=against.times,
    )


def sending(error: Invalid) -> str:
    """Why nothing was sent to a collector."""
    return _(SENDING[next(iter(error.fields.values()))])


def far(metres: int) -> str:
    """`120 m`, `1,4 km`."""
    return f"{metres} m" if metres < 1000 else f"{metres / 1000:.1f} km".replace(".", ",")


def state(of: AccountState) -> Status | None:
    """How an account stands; nothing while it is open, as most are."""
    if of is AccountState.OPEN:
        return None
    return Status(of.value, _(STATES[of]), "done" if of is AccountState.PAID else "received")


def day(on: date, today: date) -> str:
    """`24 Nov`, with its year when it is another one."""
    year = f" {on.year}" if on.year != today.year else ""
    return f"{on.day} {MONTHS[on.month - 1]}{year}"


def promised(due: date | None, today: date) -> Promised | None:
    """What the list says of an open promise."""
    if due is None:
        return None
    if due == today:
        return Promised(_("Hari ini"), "working")
    if due < today:
        return Promised(_("{day}, lewat", day=day(due, today)), "obstacle")
    return Promised(day(due, today), "received")


def last(at: datetime | None, result: str | None, zone: str) -> str:
    """`19 Nov, janji bayar`; empty without a visit."""
    if at is None:
        return ""
    said = _(RESULTS[Result(result)]).lower() if result in {each.value for each in Result} else ""
    when = labels.short(at, clock.now(), zone)
    return f"{when}, {said}" if said else when


def months(n: int | None) -> str:
    """`3 bulan`, or that the list does not say."""
    return _("tidak disebut") if n is None else _("{n} bulan", n=n)


def moment(told: Story) -> Moment:
    """One entry of an account's story."""
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    source, given = _("impor"), told.details
    if told.what == "visit":
        came = labels.SOURCES.get(given["source"], given["source"])
        text = _("berkunjung: {result}", result=_(RESULTS[Result(given["result"])]).lower())
        proof = [_("foto")] if given["photo"] else []
        proof += [_("lokasi")] if given["place"] else []
        return Moment(told.at, "pin", text, told.who or "", given["note"], ", ".join([_(came), *proof]))
    if told.what == "promise":
        words = _(PROMISES[PromiseState(given["state"])])
        text = _(
            "mencatat janji {amount} sampai {day}, {state}",
            amount=labels.rupiah(given["amount"]),
            day=day(given["due"], today),
            state=words,
        )
        return Moment(told.at, "cal", text, told.who or "", late=given["state"] == PromiseState.BROKEN)
    if told.what == "assigned":
        to = _("memberi tugas kepada {name}", name=given["to"]) if given["to"] else _("mengambil kembali tugasnya")
        return Moment(told.at, "user", to, told.who or "")
    if told.what in ACTS:
        icon, text = ACTS[told.what]
        return Moment(told.at, icon, _(text), told.who or "")
    if told.what == "missing":
        return Moment(told.at, "check", _("Tidak ada lagi di daftar: diduga lunas"), source=source)
    if told.what == "revealed":
        return Moment(told.at, "eye", _("membuka nomor telepon"), told.who or "", source=_("jejak audit"))
    if told.what == "paid":
        return Moment(told.at, "done", _("menandai lunas"), told.who or "")
    if told.what == "changed":
        return Moment(told.at, "upload", _changes(given), source=source)
    return Moment(told.at, "upload", _("Masuk daftar tunggakan"), source=source)


def _changes(given: Mapping[str, object]) -> str:
    """`Daftar baru: tunggakan Rp 150.000 menjadi Rp 300.000, bulan menunggak 1 menjadi 2`."""
    before, after = given.get("before"), given.get("after")
    old, new = (each if isinstance(each, dict) else {} for each in (before, after))
    said = []
    for name in (name for name in FIELDS if name in new):
        if name in {"amount", "months", "customer_age"}:
            was, now = (_figure(name, side.get(name)) for side in (old, new))
            said.append(_("{field} {old} menjadi {new}", field=_(FIELDS[name]), old=was, new=now))
        else:
            said.append(_(FIELDS[name]))
    return _("Daftar baru mengubah {fields}", fields=", ".join(said) or _("data"))


def _figure(name: str, value: object) -> str:
    if not isinstance(value, int):
        return _("kosong")
    return labels.rupiah(value) if name == "amount" else str(value)


def masked(number: str) -> str:
    """`+6281234567731` as `0812-••••-7731`."""
    local = "0" + number.removeprefix("+62") if number.startswith("+62") else number
    return f"{local[:4]}-••••-{local[-4:]}" if len(local) >= 10 else f"{local[:2]}••••{local[-2:]}"


def in_full(number: str) -> str:
    """`+6281234567731` as `0812-3456-7731`."""
    if not number.startswith("+62"):
        return number
    local = "0" + number.removeprefix("+62")
    return "-".join(part for part in (local[:4], local[4:8], local[8:]) if part)
