"""What the bot says at the doors of groups, Indonesian and English; part of `texts.SAYINGS`. It only says."""

DOORS: dict[str, tuple[str, str]] = {
    "door_asks": (
        "<b>Permintaan masuk grup</b>\n{who} ingin masuk ke grup {title}.",
        "<b>Request to join a group</b>\n{who} wants to join the group {title}.",
    ),
    "door_stranger": (
        "Akun Telegram ini tidak ada di daftar pengguna SIKPRO: <code>{number}</code>{name}.",
        "This Telegram account is not on SIKPRO's list of people: <code>{number}</code>{name}.",
    ),
    "door_elsewhere": (
        "Terdaftar sebagai {person} ({role}), tetapi grup ini bukan untuk peran atau wilayahnya.",
        "Registered as {person} ({role}), but this group is not for that role or area.",
    ),
    "door_rights": (
        "Menerima berarti boleh membaca grup. Hak memakai bot tetap diatur di halaman Pengguna.",
        "Letting in means reading the group. Rights in the bot are still given on the page People.",
    ),
    "b_door_yes": ("Terima", "Let in"),
    "b_door_no": ("Tolak", "Turn away"),
    "door_let_in": ("Diterima {who}.", "Let in by {who}."),
    "door_turned_away": ("Ditolak {who}.", "Turned away by {who}."),
    "door_welcome": (
        "Permintaan Anda masuk ke grup {title} diterima. Tekan /start di sini agar bot dapat mengirim kabar.",
        "You may join the group {title}. Press /start here so that the bot can write to you.",
    ),
    "door_waits": (
        "Permintaan Anda masuk ke grup {title} diteruskan kepada admin. Anda diberi tahu begitu diputuskan.",
        "Your request to join {title} was passed on to the admin. You will be told the decision.",
    ),
    "door_closed": (
        "Permintaan Anda masuk ke grup {title} ditolak. Tanyakan alasannya kepada team leader Anda.",
        "Your request to join {title} was turned away. Ask your team leader why.",
    ),
    "toast_let_in": ("{name} diterima.", "{name} is let in."),
    "toast_turned_away": ("{name} ditolak.", "{name} is turned away."),
    "access_over": (
        (
            "Anda tidak lagi di grup {title}. Akses Anda ke SIKPRO berakhir, di sini dan di web. "
            "Masuk lagi ke grup untuk mendapatkannya kembali."
        ),
        (
            "You are no longer in the group {title}. Your access to SIKPRO has ended, here and on the web. "
            "Join the group again to get it back."
        ),
    ),
    "access_back": (
        "Selamat datang kembali di grup {title}. Akses Anda ke SIKPRO aktif lagi.",
        "Welcome back to the group {title}. Your access to SIKPRO is active again.",
    ),
}
