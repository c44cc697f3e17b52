"""How the house fares, in Indonesian: each part, what it counts, what to do when it is not well. Decides nothing."""

from services.web import labels, words_office
from services.web.view_office import Standing
from shared.reports.health import Part

NAMES = {
    "database": "Basis data",
    "broker": "Antrean petunjuk",
    "intake": "Penerima pesan Telegram",
    "bot": "Bot",
    "relay": "Penerus kejadian",
    "deliveries": "Pengirim Telegram",
    "unsettled": "Kiriman belum pasti",
    "dead letters": "Kiriman gagal",
    "chats": "Obrolan",
    "telegram": "Izin mengirim",
}
INTAKE = {
    "done": ("Mengambil pesan dari Telegram.", ""),
    "webhook": ("Telegram mengantar sendiri pesannya.", ""),
    "away": (
        "Telegram tidak dapat dihubungi.",
        "Periksa jaringan dan SIKPRO_TELEGRAM_API. Selama 24 jam tidak ada pesan yang hilang.",
    ),
    "denied": ("Telegram menolak token bot.", "Periksa SIKPRO_TELEGRAM_TOKEN di @BotFather, lalu mulai ulang bot."),
    "conflict": (
        "Program lain mengambil pesan bot ini.",
        "Hentikan program itu: satu bot hanya boleh dibaca satu program.",
    ),
    "": ("Belum mendengar apa pun dari Telegram.", "Tunggu sebentar, lalu periksa SIKPRO_TELEGRAM_API."),
    "none": (
        "Tidak ada yang mengambil pesan dari Telegram.",
        "Jalankan ./sikpro ps. Bila bot tidak berjalan, ./sikpro restart bot. Periksa juga token dan alamat Telegram.",
    ),
}
QUEUES = {
    "bot": ("pesan masuk menunggu diolah", "bot"),
    "relay": ("kejadian menunggu diteruskan", "relay"),
    "deliveries": ("pesan menunggu dikirim", "notifier"),
}
STUCK = "/kiriman"


def standing(part: Part) -> Standing:
    """One part in words; a part we have no words for speaks for itself."""
    name = NAMES.get(part.name, part.name)
    match part.name:
        case "database":
            detail = "Menjawab." if part.ok else f"Tidak menjawab ({part.detail})."
            do = (
                ""
                if part.ok
                else "Mulai Postgres atau periksa SIKPRO_DATABASE_URL; ./sikpro ps menunjukkan yang jalan."
            )
            return Standing(name, part.ok, detail, do, vital=True)
        case "broker":
            detail = "Menjawab." if part.ok else f"Tidak menjawab ({part.detail})."
            do = "Mulai Valkey atau Redis (SIKPRO_REDIS_URL). Tidak ada yang hilang; pesan hanya lebih lambat."
            return Standing(name, part.ok, detail, "" if part.ok else do)
        case "intake":
            return Standing(name, part.ok, *INTAKE.get(part.code, INTAKE[""]))
        case "bot" | "relay" | "deliveries":
            return _queue(name, part)
        case "unsettled":
            detail = f"{labels.number(part.count)} pesan belum pasti sampai."
            do = "Tunggu: dipastikan sendiri, dan paling lama sepuluh menit lagi dikirim ulang dengan tanda."
            href = f"{STUCK}?keadaan=belum-pasti"
            return Standing(name, part.ok, detail, "" if part.ok else do, "" if part.ok else href, "Lihat pesannya")
        case "dead letters":
            detail = f"{labels.number(part.count)} gagal, {labels.number(part.more)} menunggu keputusan."
            do = "Baca sebabnya di halaman Kiriman, lalu kirim lagi."
            href = f"{STUCK}?keadaan={'gagal' if part.count else 'ditahan'}"
            return Standing(name, part.ok, detail, "" if part.ok else do, "" if part.ok else href, "Lihat sebabnya")
        case "chats":
            detail = (
                "Semua dapat ditulisi." if part.ok else f"{labels.number(part.count)} obrolan tidak dapat ditulisi."
            )
            do = "Bot diblokir atau dikeluarkan di sana. Masukkan lagi, ikat grupnya, lalu lepaskan obrolannya."
            return Standing(name, part.ok, detail, "" if part.ok else do, "" if part.ok else STUCK, "Lihat obrolannya")
        case "telegram":
            return _pause(name, part)
        case _:
            return Standing(name, part.ok, part.detail, part.do, vital=part.vital)


def _queue(name: str, part: Part) -> Standing:
    what, process = QUEUES[part.name]
    oldest = f", yang tertua {age(part.age)}" if part.age is not None else ""
    do = f"Lihat apakah {process} berjalan dengan ./sikpro ps; bila tidak, ./sikpro restart {process}."
    return Standing(name, part.ok, f"{labels.number(part.count)} {what}{oldest}.", "" if part.ok else do)


def _pause(name: str, part: Part) -> Standing:
    if part.ok or part.age is None:
        return Standing(name, part.ok, "Boleh mengirim.")
    why = words_office.why(part.code)
    return Standing(name, part.ok, f"Semua kiriman dijeda {age(part.age)} lagi. {why}", "Tunggu sampai jedanya habis.")


def age(seconds: float) -> str:
    """`34 dtk`, `12 mnt`, `1 j 5 mnt`."""
    whole = max(0, round(seconds))
    return labels.seconds(whole) if whole < 60 else labels.minutes(whole // 60)
