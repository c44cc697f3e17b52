"""Trouble of the house as pages and notices say it: what is wrong, since when. Decides nothing, reads nothing."""

from datetime import datetime

from services.web import labels
from services.web.language import N_, _
from shared.notify.house import GROUP

TROUBLES = {
    "intake": N_("Bot tidak menerima pesan"),
    "telegram": N_("Telegram menolak token bot"),
    "bot": N_("Pesan masuk menumpuk"),
    "relay": N_("Kejadian tidak diteruskan"),
    "deliveries": N_("Pesan keluar menumpuk"),
    "broker": N_("Valkey tidak menjawab"),
    "dead letters": N_("Ada kiriman yang gagal"),
    "imports": N_("Berkas impor tidak dibaca"),
    "webhooks": N_("Webhook tidak diterima"),
}


def title(part: str, group: str = "") -> str:
    """What is wrong, in a few words. group: the title of the one it is about."""
    if part.startswith(GROUP):
        return _("Bot dikeluarkan dari grup {name}", name=group or part.removeprefix(GROUP))
    return _(TROUBLES[part]) if part in TROUBLES else part


def since(part: str, group: str, at: datetime, now: datetime, zone: str) -> str:
    """`Bot tidak menerima pesan sejak 20:52.`"""
    return _("{trouble} sejak {at}.", trouble=title(part, group), at=labels.short(at, now, zone))
