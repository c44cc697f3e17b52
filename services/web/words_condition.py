"""How the house fares: each part, what it counts, what to do when it is not well. Decides nothing."""

from services.web import labels, words_import, words_office
from services.web.language import N_, _, ngettext
from services.web.view_office import Standing
from shared.arrears.batches import BatchState
from shared.reports.health import SILENT, Part

NAMES = {
    "database": N_("Basis data"),
    "broker": N_("Antrean petunjuk"),
    "intake": N_("Penerima pesan Telegram"),
    "bot": N_("Bot"),
    "relay": N_("Penerus kejadian"),
    "deliveries": N_("Pengirim Telegram"),
    "unsettled": N_("Kiriman belum pasti"),
    "dead letters": N_("Kiriman gagal"),
    "chats": N_("Obrolan Telegram"),
    "telegram": N_("Izin mengirim"),
    "imports": N_("Impor terakhir"),
    "webhooks": "Webhook",
}
INTAKE = {
    "done": (N_("Mengambil pesan dari Telegram."), ""),
    "webhook": (N_("Telegram mengantar sendiri pesannya."), ""),
    "away": (
        N_("Telegram tidak dapat dihubungi."),
        N_("Periksa jaringan dan SIKPRO_TELEGRAM_API. Selama 24 jam tidak ada pesan yang hilang."),
    ),
    "denied": (
        N_("Telegram menolak token bot."),
        N_("Periksa SIKPRO_TELEGRAM_TOKEN di @BotFather, lalu mulai ulang bot."),
    ),
    "conflict": (
        N_("Program lain mengambil pesan bot ini."),
        N_("Hentikan program itu: satu bot hanya boleh dibaca satu program."),
    ),
    "": (N_("Belum mendengar apa pun dari Telegram."), N_("Tunggu sebentar, lalu periksa SIKPRO_TELEGRAM_API.")),
    "none": (
        N_("Tidak ada yang mengambil pesan dari Telegram."),
        N_("Jalankan ./sikpro ps. Bila bot mati, ./sikpro restart bot. Periksa juga token dan alamat Telegram."),
    ),
}
QUEUES = {"bot": "bot", "relay": "relay", "deliveries": "notifier"}
"""Which process empties a queue."""
STUCK = "/kiriman"
WEBHOOKS = "/webhook"


def standing(part: Part) -> Standing:
    """One part in words; a part we have no words for speaks for itself."""
    name = _(NAMES.get(part.name, part.name))
    match part.name:
        case "database":
            detail = _("Menjawab.") if part.ok else _("Tidak menjawab ({detail}).", detail=part.detail)
            do = (
                ""
                if part.ok
                else _("Mulai Postgres atau periksa SIKPRO_DATABASE_URL; ./sikpro ps menunjukkan yang jalan.")
            )
            return Standing(name, part.ok, detail, do, vital=True)
        case "broker":
            detail = _("Menjawab.") if part.ok else _("Tidak menjawab ({detail}).", detail=part.detail)
            do = _("Mulai Valkey atau Redis (SIKPRO_REDIS_URL). Tidak ada yang hilang; pesan hanya lebih lambat.")
            return Standing(name, part.ok, detail, "" if part.ok else do)
        case "intake":
            detail, do = INTAKE.get(part.code, INTAKE[""])
            return Standing(name, part.ok, _(detail), _(do))
        case "bot" | "relay" | "deliveries":
            return _queue(name, part)
        case "unsettled":
            detail = ngettext(
                "{count} pesan belum pasti sampai.",
                "{count} pesan belum pasti sampai.",
                part.count,
                count=labels.number(part.count),
            )
            do = _("Tunggu: dipastikan sendiri, dan paling lama sepuluh menit lagi dikirim ulang dengan tanda.")
            href = f"{STUCK}?keadaan=belum-pasti"
            return Standing(name, part.ok, detail, "" if part.ok else do, "" if part.ok else href, _("Lihat pesannya"))
        case "dead letters":
            detail = _(
                "{dead} gagal, {held} menunggu keputusan.",
                dead=labels.number(part.count),
                held=labels.number(part.more),
            )
            do = _("Baca sebabnya di halaman Kiriman, lalu kirim lagi.")
            href = f"{STUCK}?keadaan={'gagal' if part.count else 'ditahan'}"
            return Standing(name, part.ok, detail, "" if part.ok else do, "" if part.ok else href, _("Lihat sebabnya"))
        case "chats":
            detail = (
                _("Semua dapat ditulisi.")
                if part.ok
                else ngettext(
                    "{count} obrolan tidak dapat ditulisi.",
                    "{count} obrolan tidak dapat ditulisi.",
                    part.count,
                    count=labels.number(part.count),
                )
            )
            do = _("Buka blokir bot di sana, atau masukkan lagi ke grupnya; pesannya lalu berangkat sendiri.")
            return Standing(
                name, part.ok, detail, "" if part.ok else do, "" if part.ok else STUCK, _("Lihat obrolannya")
            )
        case "telegram":
            return _pause(name, part)
        case "imports":
            return _imports(name, part)
        case "webhooks":
            bad = ngettext(
                "{count} alamat tidak menerima apa pun.",
                "{count} alamat tidak menerima apa pun.",
                part.count,
                count=labels.number(part.count),
            )
            do = "" if part.ok else _("Lihat jawaban terakhirnya di halaman Webhook.")
            href = "" if part.ok else WEBHOOKS
            return Standing(name, part.ok, _("Tidak ada yang macet.") if part.ok else bad, do, href, _("Buka Webhook"))
        case _:
            return Standing(name, part.ok, part.detail, part.do, vital=part.vital)


def _queue(name: str, part: Part) -> Standing:
    process, waits = QUEUES[part.name], _waits(part)
    if part.code == SILENT and part.age is not None:
        return Standing(name, part.ok, _("Tidak berjalan sejak {age} lalu; {waits}.", age=age(part.age), waits=waits),
                        _("Jalankan ./sikpro ps, lalu ./sikpro restart {process}.", process=process))  # fmt: skip
    oldest = _(", yang tertua {age}", age=age(part.age)) if part.age is not None else ""
    do = _(
        "Lihat apakah {process} berjalan dengan ./sikpro ps; bila tidak, ./sikpro restart {process}.", process=process
    )
    return Standing(name, part.ok, f"{waits}{oldest}.", "" if part.ok else do)


def _waits(part: Part) -> str:
    n, count = part.count, labels.number(part.count)
    if part.name == "bot":
        return ngettext("{count} pesan masuk menunggu diolah", "{count} pesan masuk menunggu diolah", n, count=count)
    if part.name == "relay":
        return ngettext("{count} kejadian menunggu diteruskan", "{count} kejadian menunggu diteruskan", n, count=count)
    return ngettext("{count} pesan menunggu dikirim", "{count} pesan menunggu dikirim", n, count=count)


def _imports(name: str, part: Part) -> Standing:
    if part.age is None:
        return Standing(name, part.ok, _("Belum ada berkas yang diunggah."))
    state = _(words_import.STATES[BatchState(part.code)][0])
    detail = _("{state}; diunggah {age} lalu.", state=state, age=age(part.age))
    do = _("Berkas belum dibaca. Lihat ./sikpro ps; bila pembaca berkas mati, ./sikpro restart ingest.")
    return Standing(name, part.ok, detail, "" if part.ok else do)


def _pause(name: str, part: Part) -> Standing:
    if part.ok or part.age is None:
        return Standing(name, part.ok, _("Boleh mengirim."))
    why = words_office.why(part.code)
    return Standing(
        name,
        part.ok,
        _("Semua kiriman dijeda {age} lagi. {why}", age=age(part.age), why=why),
        _("Tunggu sampai jedanya habis."),
    )


def age(seconds: float) -> str:
    """`34 dtk`, `12 mnt`, `1 j 5 mnt`."""
    whole = max(0, round(seconds))
    return labels.seconds(whole) if whole < 60 else labels.minutes(whole // 60)
