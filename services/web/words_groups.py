"""What the bot may in a group, in words: what it lacks, what follows from that, and how to mend it. Decides nothing."""

from services.web import labels
from services.web.language import N_, _
from services.web.view_master import Fact
from shared.chats.models import ChatCheck

SHORT = {
    "member": N_("Bot tidak ada di grup ini."),
    "send": N_("Bot tidak boleh menulis di sini."),
    "admin": N_("Bot bukan admin grup."),
    "invite": N_("Bot tidak boleh mengundang anggota."),
    "pin": N_("Bot tidak boleh menyematkan pesan."),
}
LACKS = {
    "member": N_("Bot tidak ada di grup ini. Masukkan lagi bot ke grup."),
    "send": N_("Bot tidak boleh menulis di sini. Buka izin grup di Telegram, lalu izinkan bot mengirim pesan."),
    "admin": N_("Bot bukan admin grup, jadi perintah tanpa nama bot bisa tidak sampai. Jadikan bot admin."),
    "invite": N_("Bot tidak boleh mengundang anggota, jadi tautan pribadi tidak dapat dibuat. Beri hak itu."),
    "pin": N_("Bot tidak boleh menyematkan pesan, jadi kartu order tidak tersemat. Beri hak itu di Telegram."),
}


def short(check: ChatCheck | None) -> str:
    """The worst of what it lacks, for a list; empty when nothing lacks or nobody asked yet."""
    return _(SHORT.get(str(check.lacks[0]), "")) if check is not None and check.lacks else ""


def facts(check: ChatCheck | None, zone: str) -> tuple[Fact, ...]:
    """What is known of its rights, and since when."""
    if check is None or (check.checked_at is None and check.asked_at is None):
        return (Fact(_("Hak bot"), _("Belum diperiksa")),)
    if check.checked_at is None:
        return (Fact(_("Hak bot"), _("Sedang diperiksa")),)
    at = _("diperiksa {at}", at=labels.moment(check.checked_at, zone))
    if check.asked_at is not None:
        at = _("{at}, sedang diperiksa lagi", at=at)
    lacks = [_(LACKS[key]) for key in check.lacks if key in LACKS]
    if not lacks:
        return (Fact(_("Hak bot"), _("Lengkap"), at),)
    return (Fact(_("Hak bot"), " ".join(lacks), at),)
