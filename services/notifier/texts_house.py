"""What the notifier says of trouble of the house itself. Indonesian first, English for English readers."""

from datetime import datetime
from html import escape

from shared import clock, words

_PARTS = {
    "id": {
        "intake": ("Bot tidak menerima pesan", "Teknisi menulis dan tidak ada yang membaca."),
        "telegram": ("Telegram menolak token bot", "Periksa SIKPRO_TELEGRAM_TOKEN di @BotFather."),
        "bot": ("Pesan masuk menumpuk", "Lihat apakah bot berjalan: ./sikpro ps."),
        "relay": ("Kejadian tidak diteruskan", "Lihat apakah relay berjalan: ./sikpro ps."),
        "deliveries": ("Pesan keluar menumpuk", "Lihat apakah notifier berjalan: ./sikpro ps."),
        "broker": ("Valkey tidak menjawab", "Tidak ada yang hilang; pesan hanya lebih lambat."),
        "dead letters": ("Ada kiriman yang gagal", "Sebabnya ada di halaman Kiriman."),
        "imports": ("Berkas impor tidak dibaca", "Lihat apakah ingest berjalan: ./sikpro ps."),
        "webhooks": ("Webhook tidak diterima", "Sistem lain itu tidak menjawab. Lihat halaman Webhook."),
    },
    "en": {
        "intake": ("The bot receives no messages", "Technicians write and nobody reads."),
        "telegram": ("Telegram refuses the bot's token", "Check SIKPRO_TELEGRAM_TOKEN with @BotFather."),
        "bot": ("Incoming messages pile up", "See whether the bot runs: ./sikpro ps."),
        "relay": ("Events are not passed on", "See whether the relay runs: ./sikpro ps."),
        "deliveries": ("Outgoing messages pile up", "See whether the notifier runs: ./sikpro ps."),
        "broker": ("Valkey does not answer", "Nothing is lost; messages only leave later."),
        "dead letters": ("Some messages failed", "The page of deliveries says why."),
        "imports": ("A file is not read", "See whether ingest runs: ./sikpro ps."),
        "webhooks": ("A webhook is not taken", "That other system does not answer. See the page Webhook."),
    },
}
_WORDS = {
    "id": {
        "group": "Bot dikeluarkan dari grup {name}",
        "group_do": "Masukkan lagi; pesannya lalu berangkat sendiri.",
        "over": "Sudah pulih",
        "open": "Buka halaman Kesehatan",
        "back": "Penerus kejadian berjalan lagi",
        "away": "Diam {minutes} menit, sejak {at}. Kabar yang tertahan sedang dikirim; tidak ada yang hilang. Laporan "
        "terjadwal yang terlewat lebih dari enam jam tidak dikirim lagi.",
    },
    "en": {
        "group": "The bot was removed from the group {name}",
        "group_do": "Add it again; its messages then leave by themselves.",
        "over": "Resolved",
        "open": "Open the page of health",
        "back": "Events are passed on again",
        "away": "Silent for {minutes} minutes, since {at}. What waited is leaving now; nothing is lost. Scheduled "
        "reports that are more than six hours late are not sent any more.",
    },
}


def back(since: datetime, seconds: int, zone: str, language: str) -> str:
    """That the relay lives again, and how long it did not."""
    said = _WORDS.get(language, _WORDS["id"])
    away = said["away"].format(minutes=seconds // 60, at=words.moment(since, zone))
    return f"<b>{said['back']}</b>\n{escape(away)}"


def message(part: str, group: str, link: str, language: str) -> str:
    """What is wrong and what to do. group: the title of the one it is about."""
    said = _WORDS.get(language, _WORDS["id"])
    name, do = _called(part, group, language)
    return f'<b>{escape(name)}</b>\n{escape(do)}\n<a href="{escape(link)}">{said["open"]}</a>'


def over(part: str, group: str, since: datetime | None, at: datetime, zone: str, language: str) -> str:
    """That it is over, and how long it was: `20:52–20:55 WIB`."""
    name, _do = _called(part, group, language)
    lasted = ""
    if since is not None:
        begun, ended = clock.local(since, zone), clock.local(at, zone)
        first = f"{begun:%H:%M}" if begun.date() == ended.date() else words.moment(since, zone)
        lasted = f", {first}–{words.moment(at, zone)}"
    return f"<b>{_WORDS.get(language, _WORDS['id'])['over']}</b>: {escape(name)}{lasted}"


def _called(part: str, group: str, language: str) -> tuple[str, str]:
    """What is wrong, in a few words, and what to do."""
    said = _WORDS.get(language, _WORDS["id"])
    if group:
        return said["group"].format(name=group), said["group_do"]
    return _PARTS.get(language, _PARTS["id"]).get(part, (part, ""))
