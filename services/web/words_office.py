"""What the office's own pages say in Indonesian: why a message got stuck, what somebody did, how a part fares."""

import html
import re

from shared.deliveries.models import Delivery, State

_REASONS: tuple[tuple[str, str], ...] = (
    ("bot was blocked", "Orang ini memblokir bot. Minta ia membuka blokirnya, lalu lepaskan obrolannya."),
    ("bot was removed", "Bot dikeluarkan dari grup. Masukkan lagi; pesannya lalu berangkat sendiri."),
    ("bot was kicked", "Bot dikeluarkan dari grup. Masukkan lagi, lalu lepaskan obrolannya."),
    ("bot is not a member", "Bot bukan anggota obrolan ini. Masukkan lagi, lalu lepaskan obrolannya."),
    ("user is deactivated", "Akun Telegram ini sudah dihapus pemiliknya."),
    ("chat not found", "Telegram tidak menemukan obrolan ini."),
    ("can't initiate conversation", "Orang ini belum menekan Mulai pada bot. Minta ia mengirim /start."),
    ("rights to send", "Bot tidak boleh menulis di grup ini. Beri bot izin mengirim pesan."),
    ("CHAT_WRITE_FORBIDDEN", "Bot tidak boleh menulis di grup ini. Beri bot izin mengirim pesan."),
    ("Too Many Requests", "Telegram meminta jeda. Pesan berangkat sendiri sesudahnya."),
    ("can't parse", "Telegram tidak dapat membaca bentuk teksnya. Laporkan kepada pengembang."),
    ("Telegram cannot be reached", "Telegram tidak dapat dihubungi. Dicoba lagi dengan sendirinya."),
    ("no answer", "Telegram tidak menjawab, jadi belum pasti pesan ini sampai."),
    ("its sender fell silent", "Pengirimnya berhenti di tengah jalan, jadi belum pasti pesan ini sampai."),
    ("could not be settled", "Tidak dapat dipastikan apakah pesan ini sampai."),
    ("not among the newest messages", "Sedang dicari di obrolannya."),
    ("waiting for a slot", "Menunggu giliran untuk memastikannya."),
    ("Unauthorized", "Telegram menolak token bot. Periksa pengaturan token."),
    ("Telegram refuses the bot's token", "Telegram menolak token bot. Periksa pengaturan token."),
    ("message to be replied not found", "Pesan yang dijawab sudah dihapus."),
    ("message thread not found", "Topik di grup ini sudah tidak ada. Ikat ulang grupnya."),
    ("HTTP 5", "Telegram sedang terganggu, jadi belum pasti pesan ini sampai."),
    ("unreadable answer", "Jawaban Telegram tidak terbaca, jadi belum pasti pesan ini sampai."),
    ("upgraded to a supergroup", "Grup ini berganti nomor; pesannya ikut pindah."),
)
_KINDS = {
    "receipt": "Tanda terima",
    "status": "Kabar status",
    "card": "Kartu order",
    "card_edit": "Perubahan kartu",
    "answer": "Jawaban bot",
    "refusal": "Penolakan",
    "keyboard": "Tombol",
    "merged": "Gabungan beberapa kabar",
}
_EVENTS = {
    "order.registered": "Order didaftarkan",
    "order.changed": "Order berubah",
    "order.change_undone": "Perubahan diurungkan",
    "order.duplicate_refused": "Order ganda ditolak",
}
CONSUMERS = {"notifier": "pengirim Telegram", "ingest": "pembaca berkas", "bot": "bot", "web": "dasbor"}
_TAGS = re.compile(r"<[^>]*>")
SHOWN = 400  # characters of a message


def why(trouble: str | None, state: State | None = None) -> str:
    """Why a delivery or a chat stands where it stands, in words; the technical words stand beside it."""
    said = trouble or ""
    for sign, words in _REASONS:
        if sign in said:
            return words
    if said:
        return "Telegram menolak pesan ini." if state is State.DEAD else "Percobaan terakhir gagal."
    return {
        State.WAITING: "Menunggu giliran.",
        State.HELD: "Menunggu keputusan orang.",
        State.UNKNOWN: "Belum pasti sampai; sedang dipastikan.",
    }.get(state or State.DEAD, "Tidak dapat dikirim.")


def kind(code: str) -> str:
    """What sort of message it is."""
    plain = code.partition(":")[0]
    return _KINDS.get(plain, plain)


def event(name: str) -> str:
    """What happened."""
    return _EVENTS.get(name, name)


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
