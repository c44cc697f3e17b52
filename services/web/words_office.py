"""What the office's own pages say: why a message got stuck, what somebody did, how a part fares."""

import html
import re

from services.web.language import N_, _
from shared.deliveries.models import Delivery, State

_REASONS: tuple[tuple[str, str], ...] = (
    ("held by a person", N_("Ditahan dari web. Lepaskan bila boleh dikirim lagi.")),
    ("bot was blocked", N_("Orang ini memblokir bot. Minta ia membuka blokirnya, lalu pesannya berangkat sendiri.")),
    ("bot was removed", N_("Bot dikeluarkan dari grup. Masukkan lagi; pesannya lalu berangkat sendiri.")),
    ("bot was kicked", N_("Bot dikeluarkan dari grup. Masukkan lagi; pesannya lalu berangkat sendiri.")),
    ("bot is not a member", N_("Bot bukan anggota obrolan ini. Masukkan lagi; pesannya lalu berangkat sendiri.")),
    ("user is deactivated", N_("Akun Telegram ini sudah dihapus pemiliknya.")),
    ("chat not found", N_("Telegram tidak menemukan obrolan ini.")),
    ("can't initiate conversation", N_("Orang ini belum menekan Mulai pada bot. Minta ia mengirim /start.")),
    ("rights to send", N_("Bot tidak boleh menulis di grup ini. Beri bot izin mengirim pesan.")),
    ("CHAT_WRITE_FORBIDDEN", N_("Bot tidak boleh menulis di grup ini. Beri bot izin mengirim pesan.")),
    ("Too Many Requests", N_("Telegram meminta jeda. Pesan berangkat sendiri sesudahnya.")),
    ("can't parse", N_("Telegram tidak dapat membaca bentuk teksnya. Laporkan kepada pengembang.")),
    ("Telegram cannot be reached", N_("Telegram tidak dapat dihubungi. Dicoba lagi dengan sendirinya.")),
    ("no answer", N_("Telegram tidak menjawab, jadi belum pasti pesan ini sampai.")),
    ("its sender fell silent", N_("Pengirimnya berhenti di tengah jalan, jadi belum pasti pesan ini sampai.")),
    ("could not be settled", N_("Tidak dapat dipastikan apakah pesan ini sampai.")),
    ("not among the newest messages", N_("Sedang dicari di obrolannya.")),
    ("waiting for a slot", N_("Menunggu giliran untuk memastikannya.")),
    ("Unauthorized", N_("Telegram menolak token bot. Periksa pengaturan token.")),
    ("Telegram refuses the bot's token", N_("Telegram menolak token bot. Periksa pengaturan token.")),
    ("message to be replied not found", N_("Pesan yang dijawab sudah dihapus.")),
    ("message thread not found", N_("Topik di grup ini sudah tidak ada. Ikat ulang grupnya.")),
    ("HTTP 5", N_("Telegram sedang terganggu, jadi belum pasti pesan ini sampai.")),
    ("unreadable answer", N_("Jawaban Telegram tidak terbaca, jadi belum pasti pesan ini sampai.")),
    ("upgraded to a supergroup", N_("Grup ini berganti nomor; pesannya ikut pindah.")),
)
_KINDS = {
    "receipt": N_("Tanda terima"),
    "status": N_("Kabar status"),
    "card": N_("Kartu order"),
    "card_edit": N_("Perubahan kartu"),
    "pin": N_("Sematan kartu"),
    "unpin": N_("Lepas sematan kartu"),
    "answer": N_("Jawaban bot"),
    "report": N_("Laporan terjadwal"),
    "report_file": N_("Berkas laporan terjadwal"),
    "report_chart": N_("Grafik laporan terjadwal"),
    "sla": N_("Peringatan SLA"),
    "clock": N_("Eskalasi"),
    "house": N_("Gangguan"),
    "import": N_("Hasil impor"),
    "refusal": N_("Penolakan"),
    "keyboard": N_("Tombol"),
    "reaction": N_("Tanda pada pesan"),
    "invite": N_("Tautan masuk grup"),
    "join": N_("Jawaban permintaan masuk grup"),
    "membership": N_("Pertanyaan keanggotaan"),
    "access": N_("Kabar akses"),
    "door": N_("Permintaan akses"),
    "approval": N_("Permintaan akses"),
    "edit": N_("Permintaan akses diperbarui"),
    "question": N_("Pertanyaan kepada teknisi"),
    "answered": N_("Jawaban teknisi"),
    "prompt": N_("Permintaan isian"),
    "state": N_("Keadaan order"),
    "recap": N_("Rekap"),
    "settled": N_("Keputusan akses"),
    "handover": N_("Serah terima"),
    "passing": N_("Kartu pelanggan"),
    "passed": N_("Kartu pelanggan"),
    "take_away": N_("Kartu pelanggan dihapus"),
    "visit": N_("Kunjungan tercatat"),
    "promises": N_("Pengingat janji bayar"),
    "accounts_sent": N_("Pelanggan untuk petugas"),
    "resumed": N_("Penagihan dilanjutkan"),
    "field_day": N_("Rekap hari penagihan"),
    "merged": N_("Gabungan beberapa kabar"),
}
_EVENTS = {
    "report.due": N_("Laporan terjadwal jatuh tempo"),
    "order.registered": N_("Order didaftarkan"),
    "order.changed": N_("Order berubah"),
    "order.change_undone": N_("Perubahan diurungkan"),
    "order.corrected": N_("Order dikoreksi"),
    "order.asked": N_("Pertanyaan kepada teknisi"),
    "order.answered": N_("Jawaban teknisi"),
    "handover.given": N_("Serah terima ditawarkan"),
    "handover.answered": N_("Serah terima dijawab"),
    "technician.applied": N_("Teknisi minta akses"),
    "technician.settled": N_("Permintaan teknisi diputuskan"),
    "order.duplicate_refused": N_("Order ganda ditolak"),
    "promise.due": N_("Janji bayar jatuh tempo"),
    "field.day_ended": N_("Hari penagihan berakhir"),
    "account.sent": N_("Pelanggan dikirim ke petugas"),
    "account.resumed": N_("Penagihan dilanjutkan setelah gangguan"),
    "order.sla_alert": N_("Order hampir lewat atau lewat SLA"),
    "order.deleted": N_("Order dihapus"),
    "order.deletion_undone": N_("Penghapusan diurungkan"),
    "order.restored": N_("Order dipulihkan"),
    "order.photo_added": N_("Foto ditambahkan"),
    "clock.alerted": N_("Eskalasi"),
    "house.alerted": N_("Gangguan SIKPRO"),
    "import.received": N_("Berkas impor diterima"),
    "import.approved": N_("Impor disetujui"),
    "import.applied": N_("Impor diterapkan"),
    "import.undo_asked": N_("Impor diminta diurungkan"),
    "import.undone": N_("Impor diurungkan"),
    "import.spent": N_("Berkas impor dibuang"),
}
CONSUMERS = {
    "notifier": N_("pengirim Telegram"),
    "ingest": N_("pembaca berkas"),
    "bot": "bot",
    "web": N_("dasbor"),
    "webhook": "webhook",
}
_TAGS = re.compile(r"<[^>]*>")
SHOWN = 400  # characters of a message


def why(trouble: str | None, state: State | None = None) -> str:
    """Why a delivery or a chat stands where it stands, in words; the technical words stand beside it."""
    said = trouble or ""
    for sign, words in _REASONS:
        if sign in said:
            return _(words)
    if said:
        return _("Telegram menolak pesan ini.") if state is State.DEAD else _("Percobaan terakhir gagal.")
    return {
        State.WAITING: _("Menunggu giliran."),
        State.HELD: _("Menunggu keputusan orang."),
        State.UNKNOWN: _("Belum pasti sampai; sedang dipastikan."),
    }.get(state or State.DEAD, _("Tidak dapat dikirim."))


def kind(code: str) -> str:
    """What sort of message it is."""
    plain = code.partition(":")[0]
    return _(_KINDS.get(plain, plain))


def event(name: str) -> str:
    """What happened."""
    return _(_EVENTS.get(name, name))


def words_of(delivery: Delivery) -> str:
    """A message's words without Telegram's markup, shortened."""
    payload = delivery.payload
    return short(html.unescape(_TAGS.sub("", str(payload.get("text") or payload.get("caption") or ""))))


def short(text: str) -> str:
    """At most SHOWN characters."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def said(body: dict[str, object]) -> tuple[str, str]:
    """(who, what) of a raw update from Telegram, however it is made."""
    for name in ("message", "edited_message", "callback_query", "my_chat_member", "chat_member"):
        told = body.get(name)
        if isinstance(told, dict):
            speaker = told.get("from")
            names = (speaker.get("first_name"), speaker.get("last_name")) if isinstance(speaker, dict) else ()
            what = told.get("text") or told.get("caption") or told.get("data") or ""
            return short(" ".join(str(each) for each in names if each)), short(str(what))
    return "", ""
