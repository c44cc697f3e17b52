"""What the notifier says of trouble of the house itself. Indonesian first, English for English readers."""

from datetime import datetime
from html import escape

from shared import words

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
        "over": "Pulih",
        "open": "Buka halaman Kesehatan",
        "back": "Penerus kejadian berjalan lagi",
        "away": "Diam {minutes} menit, sejak {at}. Kabar yang tertahan sedang dikirim; tidak ada yang hilang. Laporan "
        "terjadwal yang terlewat lebih dari enam jam tidak dikirim lagi.",
    },
    "en": {
        "over": "Well again",
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


def title(part: str, language: str) -> str:
    """What is wrong, in a few words."""
    return _PARTS.get(language, _PARTS["id"]).get(part, (part, ""))[0]


def message(part: str, link: str, language: str, *, healed: bool) -> str:
    """What is wrong and what to do, or that it is over."""
    said = _WORDS.get(language, _WORDS["id"])
    name, do = _PARTS.get(language, _PARTS["id"]).get(part, (part, ""))
    if healed:
        return f"<b>{said['over']}</b>: {escape(name)}"
    return f'<b>{escape(name)}</b>\n{escape(do)}\n<a href="{escape(link)}">{said["open"]}</a>'
