"""What the browser's script says, handed to it in the head of each page; it fills in the fields. Decides nothing."""

from services.web.labels import UNITS
from services.web.language import N_, _

_SAID = {
    "sending": N_("Pesan sedang dikirim."),
    "copied": N_("{what} disalin"),
    "not_copied": N_("Tidak dapat menyalin"),
    "no_order": N_("Order itu tidak ada, atau di luar wilayah Anda."),
    "answered": N_("Server menjawab {status}."),
    "silent": N_("Server tidak menjawab."),
    "not_allowed": N_("Anda tidak berwenang untuk perubahan ini."),
    "unsaved": N_("Belum tersimpan. {why} Isian Anda tidak hilang."),
    "sign_in": N_("Sesi Anda sudah berakhir. Masuk lagi di tab lain, lalu coba lagi. Isian Anda tidak hilang."),
    "signed_out": N_("Sesi Anda sudah berakhir."),
    "ended": N_("Sesi berakhir"),
    "live": N_("Langsung · {hour}"),
    "connecting": N_("Menyambung"),
    "again": N_("Menyambung ulang"),
    "lost": N_("Terputus sejak {hour}"),
    "offline": N_("Sambungan langsung terputus. Data terakhir {hour}; sedang mencoba lagi."),
    "unavailable": N_("Tidak tersedia"),
    "for_status": N_(" {status}"),
    "late": N_("Lewat SLA "),
    "left": N_("Sisa SLA "),
} | UNITS


def script_words() -> dict[str, str]:
    """Each key of the script with its text in the language of now."""
    return {key: _(text) for key, text in _SAID.items()}
