"""Every sentence of the bot, Indonesian and English side by side. Short, calm, "Anda"; HTML, with values escaped.

It only says: what is true, and who may know it, is decided elsewhere.
"""

from html import escape

from services.bot.asking import Asker
from services.bot.texts_arrears import ARREARS
from services.bot.texts_desk import DESK
from services.bot.texts_doors import DOORS
from shared.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.orders.operations import AlreadyTaken, StaleOrder
from shared.orders.states import IllegalMove

EXAMPLE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"

SAYINGS: dict[str, tuple[str, str]] = {
    **DESK,
    **ARREARS,
    **DOORS,
    # who is asking
    "welcome": (
        "Selamat datang, {name}. Anda terdaftar sebagai {role}.\nKirim /help untuk melihat perintah Anda.",
        "Welcome, {name}. You are registered as {role}.\nSend /help to see your commands.",
    ),
    "stranger_start": (
        (
            "Selamat datang di SIKPRO. Akun Telegram Anda belum terdaftar.\n"
            "Minta admin mendaftarkan nomor Telegram Anda: <code>{number}</code>.\n"
            "Teknisi dapat meminta akses sendiri di chat pribadi: <code>/daftar Rizal Fauzi F5SDA445</code>."
        ),
        (
            "Welcome to SIKPRO. Your Telegram account is not registered yet.\n"
            "Ask the admin to register your Telegram number: <code>{number}</code>.\n"
            "Technicians may ask for access in a private chat: <code>/daftar Rizal Fauzi F5SDA445</code>."
        ),
    ),
    "stranger": (
        "Akun Telegram Anda belum terdaftar. Minta admin mendaftarkan nomor Telegram Anda: <code>{number}</code>.",
        (
            "Your Telegram account is not registered. Ask the admin to register your Telegram number: "
            "<code>{number}</code>."
        ),
    ),
    # somebody of ours without rights, also as a toast
    "shut_waits": (
        "Permintaan akses Anda masih menunggu persetujuan. Anda diberi tahu begitu diputuskan.",
        "Your request for access still waits for approval. You will be told the decision.",
    ),
    "shut_left": (
        (
            "Anda tidak lagi di grup kerja Anda, jadi akses Anda ke SIKPRO berakhir. "
            "Masuk lagi ke grup itu, atau minta tautan masuk kepada admin."
        ),
        (
            "You are no longer in your working group, so your access to SIKPRO has ended. "
            "Join that group again, or ask the admin for a link into it."
        ),
    ),
    "shut_ended": (
        "Akses Anda ke SIKPRO tidak aktif. Tanyakan kepada admin.",
        "Your access to SIKPRO is not active. Ask the admin.",
    ),
    "strange_group": (
        "Grup ini belum dihubungkan ke SIKPRO. Minta admin menghubungkan nomor grup <code>{number}</code>.",
        "This group is not connected to SIKPRO. Ask the admin to connect group number <code>{number}</code>.",
    ),
    "anonymous": (
        "Perintah dari admin anonim tidak dijalankan. Matikan mode anonim, lalu kirim lagi.",
        "Commands of anonymous admins are not carried out. Turn off anonymous mode, then send again.",
    ),
    "forwarded": (
        "Perintah yang diteruskan tidak dijalankan. Kirim sebagai pesan Anda sendiri.",
        "Forwarded commands are not carried out. Send it as a message of your own.",
    ),
    "edited": (
        "Pesan yang disunting tidak dibaca lagi. Kirim pesan baru.",
        "Edited messages are not read again. Send a new message.",
    ),
    "unknown": (
        "Perintah ini tidak dikenal. Kirim /help untuk melihat perintah Anda.",
        "This command is unknown. Send /help to see your commands.",
    ),
    "no_command": (
        "Saya hanya membaca perintah. Kirim /help untuk melihat perintah Anda.",
        "I only read commands. Send /help to see your commands.",
    ),
    # photos about an order
    "photo_full": (
        "Foto order <code>{number}</code> sudah penuh. Foto ini tidak disimpan.",
        "Order <code>{number}</code> has all the photos it can hold. This one is not saved.",
    ),
    "photo_whose": (
        "Foto ini untuk order yang mana? Kirim lagi sebagai balasan ke pesan saya tentang ordernya.",
        "Which order is this photo for? Send it again as a reply to my message about the order.",
    ),
    "photo_many": (
        "Pesan itu tentang beberapa order. Balas pesan yang hanya tentang satu order, atau pesan /reg-nya.",
        "That message is about several orders. Reply to one about a single order, or to its /reg.",
    ),
    "not_your_role": (
        "Perintah ini di luar peran atau wilayah Anda.",
        "This command is outside your role or area.",
    ),
    # asking to be let in
    "join_how": (
        "Kirim nama dan kode teknisi Anda, contoh <code>/daftar Rizal Fauzi F5SDA445</code>.",
        "Send your name and technician code, for example <code>/daftar Rizal Fauzi F5SDA445</code>.",
    ),
    "join_sto": (
        "STO dalam kode teknisi itu tidak ada dalam daftar. Periksa kodenya, lalu kirim lagi.",
        "The STO in that technician code is not on the list. Check the code, then send it again.",
    ),
    "join_waits": (
        "Permintaan {name} ({code}) diterima dan menunggu persetujuan team leader.",
        "The request of {name} ({code}) is received and waits for the team leader's approval.",
    ),
    "join_known": (
        "Akun atau kode ini sudah tercatat. Tunggu persetujuan, atau tanyakan kepada admin Anda.",
        "This account or code is on record already. Wait for approval, or ask your admin.",
    ),
    # binding a group
    "bind_in_group": (
        "Kirim /ikat dan kodenya di dalam grup yang akan dihubungkan.",
        "Send /ikat and the code inside the group to connect.",
    ),
    "bind_how": (
        "Buat kodenya di halaman Grup Telegram, lalu kirim di sini: <code>/ikat ABCDE-FGHJK</code>.",
        "Make the code on the page Grup Telegram, then send it here: <code>/ikat ABCDE-FGHJK</code>.",
    ),
    "bind_dead": (
        "Kode ini sudah dipakai, lewat 15 menit, atau salah ketik. Buat yang baru di halaman Grup Telegram.",
        "This code was used, is older than 15 minutes, or is mistyped. Make a new one on the page Grup Telegram.",
    ),
    "bind_done": (
        "Grup ini sekarang melayani {unit} untuk {purpose}.",
        "This group now serves {unit} for {purpose}.",
    ),
    "bind_topic": (
        "Topik ini sekarang melayani {unit} untuk {purpose}.",
        "This topic now serves {unit} for {purpose}.",
    ),
    "purpose_helpdesk": ("helpdesk", "helpdesk"),
    "purpose_technicians": ("teknisi", "technicians"),
    "help_ikat": (
        "/ikat menghubungkan grup, dengan kode dari halaman Grup Telegram: <code>/ikat ABCDE-FGHJK</code>.",
        "/ikat connects a group, with a code from the page Grup Telegram: <code>/ikat ABCDE-FGHJK</code>.",
    ),
    # help
    "help_head": ("Perintah Anda:", "Your commands:"),
    "help_reg": (
        (
            "/reg mendaftarkan order, isian boleh dalam urutan apa pun:\n<code>{example}</code>\n"
            "atau /reg saja, lalu isi satu per satu."
        ),
        (
            "/reg registers an order, fields in any order:\n<code>{example}</code>\n"
            "or /reg alone, then fill it in step by step."
        ),
    ),
    "help_cek": (
        "/cek status order, contoh <code>/cek SC32232558</code>. Tanpa nomor: order Anda yang terbuka.",
        "/cek status of an order, for example <code>/cek SC32232558</code>. Without a number: your open orders.",
    ),
    "help_saya": ("/saya hari kerja Anda: selesai, terbuka, menunggu Anda.", "/saya your day: done, open, up to you."),
    "help_help": ("/help daftar ini.", "/help this list."),
    # registration
    "received": ("Pesan diterima, mohon ditunggu.", "Received, please wait."),
    "place": ("Nomor antre {place}, target selesai {due}.", "Queue number {place}, target {due}."),
    "place_only": ("Nomor antre {place}.", "Queue number {place}."),
    "stands": ("Status sekarang: {status}.", "Status now: {status}."),
    "heed": ("Perhatikan:", "Please note:"),
    "same_serial": (
        "SN: juga dipakai order {number} yang masih terbuka",
        "SN: also used by order {number}, which is still open",
    ),
    "duplicate": (
        (
            "<code>{number}</code> sudah terdaftar {at} oleh {who} {where}.\n"
            "Status {status}, {holder}. Tidak ada order ganda yang dibuat."
        ),
        (
            "<code>{number}</code> was already registered {at} by {who} {where}.\n"
            "Status {status}, {holder}. No duplicate was created."
        ),
    ),
    "held_by": ("dipegang {name}", "held by {name}"),
    "held_by_nobody": ("belum ada yang memegang", "held by nobody yet"),
    "in_group": ("di grup {title}", "in the group {title}"),
    "in_private": ("di chat pribadi", "in a private chat"),
    "in_web": ("lewat dasbor", "on the dashboard"),
    "in_api": ("lewat API", "through the API"),
    "in_import": ("lewat impor", "by an import"),
    "somebody": ("seseorang", "somebody"),
    # guided registration
    "guide": (
        "Mari isi satu per satu. Anda juga boleh mengirim sekaligus:\n<code>{example}</code>",
        "Let us fill it in step by step. You may also send it at once:\n<code>{example}</code>",
    ),
    "got": ("Sudah: {fields}", "So far: {fields}"),
    "ask_type": ("Tipe order?", "Order type?"),
    "ask_sc": (
        "Nomor registrasi? Contoh <code>SC32232558</code>.",
        "Registration number? For example <code>SC32232558</code>.",
    ),
    "ask_sc_offer": (
        "Apakah nomor registrasinya <code>{offer}</code>?",
        "Is the registration number <code>{offer}</code>?",
    ),
    "ask_sn": ("SN modem? Contoh <code>ZTEGC6754546</code>.", "Modem SN? For example <code>ZTEGC6754546</code>."),
    "ask_sn_offer": (
        "SN <code>{serial}</code> meragukan. Mungkin maksudnya <code>{offer}</code>.",
        "SN <code>{serial}</code> is doubtful. Perhaps <code>{offer}</code> is meant.",
    ),
    "ask_sto": ("STO? Tiga huruf, contoh <code>SDA</code>.", "STO? Three letters, for example <code>SDA</code>."),
    "ask_odp": ("Label ODP? Contoh <code>ODP-SDA-003</code>.", "ODP label? For example <code>ODP-SDA-003</code>."),
    "ask_tech": ("Kode teknisi? Contoh <code>F5SDA445</code>.", "Technician code? For example <code>F5SDA445</code>."),
    "by_reply": ("Balas pesan ini.", "Reply to this message."),
    "placeholder": ("Tulis jawaban, atau batal", "Write the answer, or batal"),
    "ended": ("Pengisian dibatalkan. Tidak ada order yang dibuat.", "Stopped. No order was created."),
    "nothing_to_end": ("Tidak ada pengisian yang berjalan.", "Nothing is being filled in."),
    # reading orders
    "since": ("Sejak {at}, oleh {who}", "Since {at}, by {who}"),
    "since_only": ("Sejak {at}", "Since {at}"),
    "reason": ("Alasan: {reason}", "Reason: {reason}"),
    "holder": ("Pemegang: {name}", "Held by: {name}"),
    "due": ("Target selesai {due}", "Target {due}"),
    "late": ("Target {due} sudah lewat", "Target {due} has passed"),
    "paused": ("Waktu target berhenti sementara", "The target clock is paused"),
    "technician": ("Teknisi", "Technician"),
    "note": ("Catatan: {note}", "Note: {note}"),
    "not_found_number": (
        "Tidak ada order <code>{number}</code> yang dapat Anda lihat. Periksa nomornya, atau kirim /cek saja.",
        "There is no order <code>{number}</code> that you may see. Check the number, or send /cek alone.",
    ),
    "not_a_number": (
        "Harus SC diikuti 8 angka, contoh <code>/cek SC32232558</code>.",
        "Must be SC then 8 digits, for example <code>/cek SC32232558</code>.",
    ),
    "no_open": (
        "Tidak ada order Anda yang terbuka. Daftarkan order baru dengan /reg.",
        "You have no open orders. Register a new one with /reg.",
    ),
    "no_open_office": ("Tidak ada order yang Anda pegang.", "You hold no orders."),
    "open_head": ("Order Anda yang terbuka, paling mendesak di atas:", "Your open orders, most urgent first:"),
    "open_more": ("dan lainnya; lihat dengan /cek dan nomornya.", "and more; see each with /cek and its number."),
    "day_head": ("{day}, {name}", "{day}, {name}"),
    "day_count": (
        "Selesai hari ini {done} · terbuka {open} · menunggu Anda {mine}",
        "Done today {done} · open {open} · up to you {mine}",
    ),
    "day_mine": ("Menunggu Anda:", "Up to you:"),
    "day_open": ("Terbuka:", "Open:"),
    "day_done": ("Selesai hari ini:", "Done today:"),
    "day_nothing": ("Belum ada order hari ini.", "No orders yet today."),
    # toasts; plain text, 200 characters at most
    "toast_taken": ("{number} Anda ambil.", "You took {number}."),
    "toast_already": ("{number} sudah diambil {name}, {at}.", "{number} was already taken by {name}, {at}."),
    "toast_closed": ("{number} sudah {status}.", "{number} is {status} already."),
    "toast_desk": ("Hanya helpdesk yang dapat mengambil order.", "Only helpdesk may take orders."),
    "toast_gone": (
        "Order ini tidak ada atau di luar wilayah Anda.",
        "This order does not exist or is outside your area.",
    ),
    "toast_stranger": (
        "Akun Telegram Anda belum terdaftar. Minta akses ke admin, nomor Telegram Anda {number}.",
        "Your Telegram account is not registered. Ask the admin for access; your Telegram number is {number}.",
    ),
    "toast_group": (
        "Grup ini belum dihubungkan ke SIKPRO.",
        "This group is not connected to SIKPRO.",
    ),
    "toast_unknown": (
        "Tombol ini sudah tidak berlaku. Kirim /cek untuk keadaan terbaru.",
        "This button no longer works. Send /cek for the latest.",
    ),
    "toast_other": ("Tombol ini untuk orang lain.", "This button is for somebody else."),
    "toast_filled": ("Bagian ini sudah diisi.", "This has been filled in already."),
    "toast_registered": ("{number} sudah terdaftar.", "{number} is registered already."),
    "toast_over": ("Pengisian ini sudah berakhir. Kirim /reg lagi.", "This has ended. Send /reg again."),
    "toast_below": ("Jawaban ada di bawah.", "The answer is below."),
    # trouble
    "broken": (
        "Maaf, pesan Anda belum dapat diproses. Sebutkan kode <code>{code}</code> kepada admin.",
        "Sorry, your message could not be processed. Give the code <code>{code}</code> to the admin.",
    ),
    "stale": ("Order ini baru saja berubah. Coba lagi.", "This order has just changed. Try again."),
    "illegal": ("Status order ini tidak mengizinkannya.", "The status of this order does not permit it."),
    "taken": ("Order ini sudah diambil orang lain.", "This order was taken by somebody else."),
    "gone": ("Order ini tidak ada atau di luar wilayah Anda.", "This order does not exist or is outside your area."),
    "invalid": (
        "Tipe, nomor, atau STO itu tidak cocok dengan daftar. Kirim /reg lagi.",
        "That order type, number or STO does not fit the list. Send /reg again.",
    ),
    "conflict": ("Keadaan order ini tidak mengizinkannya.", "The state of this order does not permit it."),
    # membership
    "bot_added": (
        "SIKPRO siap membantu. Minta admin menghubungkan nomor grup <code>{number}</code> agar perintah dapat dipakai.",
        "SIKPRO is ready. Ask the admin to connect group number <code>{number}</code> so that commands work.",
    ),
    "bot_back": ("SIKPRO kembali di grup ini. Kirim /help.", "SIKPRO is back in this group. Send /help."),
    # buttons
    "b_check": ("Cek progres", "Check progress"),
    "b_use": ("Pakai {value}", "Use {value}"),
    "b_keep": ("Tetap {value}", "Keep {value}"),
    "b_skip": ("Lewati", "Skip"),
    "b_cancel": ("Batal", "Cancel"),
    # menus and descriptions, shown by Telegram itself
    "menu_start": ("Mulai, dan siapa saya bagi SIKPRO", "Start, and who I am to SIKPRO"),
    "menu_reg": ("Daftarkan order", "Register an order"),
    "menu_cek": ("Status order", "Status of an order"),
    "menu_saya": ("Hari kerja saya", "My day"),
    "menu_help": ("Perintah dan contohnya", "Commands with examples"),
    "description": (
        (
            "SIKPRO: teknisi mendaftarkan order aktivasi di sini dan menerima kabar setiap perubahan statusnya. "
            "Tekan Mulai untuk melihat akses Anda."
        ),
        "SIKPRO: technicians register activation orders here and hear of every change. Press Start to see your access.",
    ),
}

ROLES: dict[str, tuple[str, str]] = {
    "technician": ("teknisi", "technician"),
    "collector": ("petugas", "collector"),
    "helpdesk": ("helpdesk", "helpdesk"),
    "team_leader": ("team leader", "team leader"),
    "supervisor": ("supervisor", "supervisor"),
    "admin": ("admin", "admin"),
}

PROBLEMS: dict[type[Exception], str] = {
    NotAllowed: "not_your_role",
    NotFound: "gone",
    Invalid: "invalid",
    IllegalMove: "illegal",
    StaleOrder: "stale",
    AlreadyTaken: "taken",
    Conflict: "conflict",
}


def plain(key: str, language: str, **values: str | int) -> str:
    """A sentence without markup: buttons, menus and toasts."""
    return SAYINGS[key][language == "en"].format(**values)


def say(key: str, language: str, **values: str | int) -> str:
    """A sentence as HTML; the values are escaped."""
    return plain(key, language, **{name: escape(str(value)) for name, value in values.items()})


def mention(asker: Asker) -> str:
    """The asker's name as a link, by which Telegram knows whom a question in a group is for."""
    return f'<a href="tg://user?id={asker.telegram_id}">{escape(asker.viewer.name)}</a>'


def role(name: str, language: str) -> str:
    """A role as people call it."""
    return ROLES[name][language == "en"]


def problem(error: Exception) -> str:
    """The key of the sentence for an error of the house."""
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
