"""What the web says about the trash: why an order does not come back, and why it is not removed. Decides nothing."""

from services.web.language import N_, _
from shared.trash.operations import NumberTaken

PURGE = {
    "typed": N_("Yang diketik tidak sama. Ketik persis seperti yang tertulis."),
    "none": N_("Belum ada order yang dipilih."),
    "too_many": N_("Paling banyak 100 order sekaligus. Kurangi pilihan."),
    "changed": N_("Sebagian order ini sudah tidak ada di Sampah. Muat ulang halaman, lalu pilih lagi."),
    "sending": N_("Pesan tentang order ini sedang dikirim. Coba lagi sebentar lagi."),
}


def taken(error: NumberTaken) -> str:
    """Why an order cannot come back: its number stands on another by now."""
    if error.existing is None:
        return _("Nomor order ini sudah dipakai order lain, jadi tidak dapat dipulihkan.")
    no = error.existing.order.registration_no
    return _("{no} sudah didaftarkan lagi, jadi order yang dihapus ini tidak dapat dipulihkan.", no=no)
