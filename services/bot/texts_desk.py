"""The bot's sentences about managing orders: menus, questions, corrections, recaps, handovers. Words only."""

DESK: dict[str, tuple[str, str]] = {
    # an order's menu
    "b_ask": ("Tanya teknisi", "Ask the technician"),
    "b_word": ("Tulis pesan", "Write a message"),
    "b_over": ("Ambil alih", "Take over"),
    "b_release": ("Lepas", "Release"),
    "b_give": ("Serahkan ke…", "Hand to…"),
    "b_assign": ("Tugaskan ke…", "Assign to…"),
    "b_private": ("Buka di chat pribadi", "Open in a private chat"),
    "b_back": ("‹ Kembali", "‹ Back"),
    "b_more": ("Berikutnya ›", "Next ›"),
    "b_less": ("‹ Sebelumnya", "‹ Previous"),
    "b_no_reason": ("Tanpa alasan", "Without a reason"),
    "b_none": ("Batal", "Cancel"),
    "b_some": ("Pilih order", "Choose orders"),
    "b_every": ("Semua order", "All orders"),
    "b_go": ("Lanjut · {n} order ›", "Next · {n} orders ›"),
    "b_enough": ("Selesai", "Done"),
    "is_online": ("hadir", "here"),
    "is_break": ("istirahat", "on a break"),
    "is_off": ("tidak hadir", "away"),
    "toast_manage": ("Hanya helpdesk yang dapat mengatur order.", "Only helpdesk may manage orders."),
    "toast_menu": (
        "Menu ini dibuka {name}. Tekan Kembali, lalu Atur untuk menu Anda sendiri.",
        "This menu was opened by {name}. Press Back, then Manage for a menu of your own.",
    ),
    "toast_menu_other": (
        "Menu ini dibuka orang lain. Tekan Kembali, lalu Atur untuk menu Anda sendiri.",
        "This menu was opened by somebody else. Press Back, then Manage for a menu of your own.",
    ),
    "toast_stale": (
        "{number} baru saja diubah {name}. Sekarang {status}.",
        "{number} was just changed by {name}. It is {status} now.",
    ),
    "toast_set": ("{number} menjadi {status}.", "{number} is {status} now."),
    "toast_set_why": ("{number} menjadi {status}: {reason}.", "{number} is {status} now: {reason}."),
    "toast_released": ("{number} Anda lepas.", "You released {number}."),
    "toast_gave": ("{number} sekarang dipegang {name}.", "{number} is held by {name} now."),
    "toast_not_person": (
        "Orang itu tidak dapat memegang order ini lagi. Buka daftarnya sekali lagi.",
        "That person cannot hold this order any more. Open the list again.",
    ),
    "toast_nobody": (
        "Tidak ada rekan lain yang mencakup STO ini.",
        "No other colleague covers this STO.",
    ),
    "ask_question": (
        "{who}, tulis pertanyaan Anda tentang <code>{number}</code> sebagai balasan pesan ini.",
        "{who}, write your question about <code>{number}</code> in reply to this message.",
    ),
    "ask_message": (
        "{who}, tulis pesan untuk teknisi <code>{number}</code> sebagai balasan pesan ini. Statusnya tetap.",
        "{who}, write the message for the technician of <code>{number}</code> in reply to this. The status stays.",
    ),
    "ask_note": (
        "{who}, tulis keterangan untuk <code>{number}</code> menjadi {status} sebagai balasan pesan ini.",
        "{who}, write the note that sets <code>{number}</code> to {status}, in reply to this message.",
    ),
    "words_wanted": ("Tulis balasan, atau batal", "Write the reply, or batal"),
    "words_long": (
        "Terlalu panjang: paling banyak {most} karakter. Tulis lebih singkat.",
        "Too long: {most} characters at most. Write less.",
    ),
    "nobody_to_ask": (
        "Teknisi order ini tidak ada di Telegram, jadi tidak dapat ditanya dari sini.",
        "The technician of this order is not in Telegram and cannot be asked from here.",
    ),
    "several_orders": (
        "Pesan itu tentang beberapa order. Balas pesan yang hanya tentang satu order.",
        "That message is about several orders. Reply to one about a single order.",
    ),
    "order_moved_on": (
        "<code>{number}</code> sudah berubah sejak itu: {status}. Tidak ada yang diubah.",
        "<code>{number}</code> has changed since: {status}. Nothing was changed.",
    ),
    # corrections
    "correct_which": (
        (
            "Order mana yang dikoreksi? Contoh <code>/ubah SC32232558 SN ZTEGC6754546</code>, "
            "atau balas jawaban bot untuk order itu dengan /ubah."
        ),
        (
            "Which order to correct? For example <code>/ubah SC32232558 SN ZTEGC6754546</code>, "
            "or reply to the bot's answer to it with /ubah."
        ),
    ),
    "correct_what": (
        "Bagian mana dari <code>{number}</code> yang dikoreksi?",
        "Which part of <code>{number}</code> is to be corrected?",
    ),
    "corrected": ("Koreksi disimpan.", "Correction saved."),
    "correct_late": (
        "<code>{number}</code> sudah {status}, dipegang {name}. Minta helpdesk yang mengubahnya.",
        "<code>{number}</code> is {status} already, held by {name}. Ask helpdesk to change it.",
    ),
    "correct_late_free": (
        "<code>{number}</code> sudah {status}. Minta helpdesk yang mengubahnya.",
        "<code>{number}</code> is {status} already. Ask helpdesk to change it.",
    ),
    "correct_not_yours": (
        "Hanya teknisi atau pendaftar order ini yang dapat mengoreksinya.",
        "Only the technician or whoever registered this order may correct it.",
    ),
    "correct_kind": (
        "Nomor itu bukan bentuk nomor tipe ini. Koreksi nomornya dulu, atau pilih tipe lain.",
        "That number is not one of this type. Correct the number first, or choose another type.",
    ),
    "correct_lacks": (
        "Tipe ini memerlukan {field}. Isi dulu bagian itu.",
        "This type needs {field}. Fill that part in first.",
    ),
    "ask_note_text": ("Catatan baru?", "New note?"),
    "f_type": ("Tipe", "Type"),
    "f_sc": ("Nomor", "Number"),
    "f_sn": ("SN", "SN"),
    "f_sto": ("STO", "STO"),
    "f_odp": ("ODP", "ODP"),
    "f_tech": ("Kode teknisi", "Technician code"),
    "f_note": ("Catatan", "Note"),
    "box_trouble": (
        "ODP: {odp} bulan ini sudah {n}× {reason}",
        "ODP: {odp} had {n}× {reason} this month",
    ),
    "question_open": ("{who} bertanya: {words}", "{who} asks: {words}"),
    # photos
    "photo_answer": ("(foto)", "(photo)"),
    "photo_not_yours": (
        "Tidak ada order <code>{number}</code> yang dapat Anda lihat, jadi fotonya tidak disimpan.",
        "There is no order <code>{number}</code> that you may see, so the photo is not saved.",
    ),
    # recap
    "recap_how": (
        (
            "Contoh: /rekap, /rekap kemarin, /rekap bulan, /rekap 12-11-2026, /rekap 2026-10. "
            "Boleh ditambah STO: /rekap bulan SDA."
        ),
        (
            "For example: /rekap, /rekap kemarin, /rekap bulan, /rekap 12-11-2026, /rekap 2026-10. "
            "An STO may follow: /rekap bulan SDA."
        ),
    ),
    "recap_future": ("Hari itu belum tiba.", "That day has not come yet."),
    "recap_sto": (
        "STO {sto} tidak ada di wilayah Anda.",
        "There is no STO {sto} in your area.",
    ),
    # handover
    "shift_none": ("Anda tidak memegang order, jadi tidak ada yang diserahkan.", "You hold no orders to hand over."),
    "shift_head": ("Serah terima {n} order Anda:", "Hand over your {n} orders:"),
    "shift_rest": ("Masih {n} order pada Anda:", "{n} orders are still yours:"),
    "shift_to": ("Kepada siapa?", "To whom?"),
    "shift_note": ("Catatan: {note}", "Note: {note}"),
    "shift_nobody": (
        "Tidak ada satu rekan yang mencakup STO semua order ini. Pilih sebagian order dulu.",
        "No one colleague covers the STO of all these orders. Choose some of them first.",
    ),
    "shift_nobody_one": (
        "Tidak ada rekan yang mencakup STO order ini.",
        "No colleague covers the STO of this order.",
    ),
    "shift_sent": (
        "{n} order ditawarkan kepada {name}. Tetap milik Anda sampai diterima.",
        "{n} orders were offered to {name}. They stay yours until accepted.",
    ),
    "shift_left": ("{n} order sudah ditawarkan sebelumnya.", "{n} orders had been offered before."),
    "shift_waiting": (
        "Semua order itu sudah ditawarkan dan menunggu jawaban.",
        "All of them were offered already and wait for an answer.",
    ),
    "shift_stopped": ("Serah terima dibatalkan.", "The handover was cancelled."),
    "toast_shift_other": ("Serah terima ini milik orang lain.", "This handover is somebody else's."),
    "toast_shift_over": (
        "Serah terima ini sudah dijawab, ditarik, atau kedaluwarsa.",
        "This handover was answered, taken back, or has expired.",
    ),
    "toast_accepted": ("{n} order sekarang Anda pegang.", "You hold {n} orders now."),
    "toast_accepted_skip": (
        "{n} order sekarang Anda pegang; {skipped} sudah berpindah atau ditutup.",
        "You hold {n} orders now; {skipped} went elsewhere or were closed.",
    ),
    "ask_decline": (
        "{who}, tulis mengapa Anda menolak serah terima ini sebagai balasan pesan ini.",
        "{who}, write why you decline this handover, in reply to this message.",
    ),
    "declined": ("Serah terima ditolak. Rekan Anda diberi tahu.", "Declined. Your colleague is told."),
    # approvals
    "toast_approved": ("{name} disetujui.", "{name} is approved."),
    "toast_refused": ("{name} ditolak.", "{name} is turned away."),
    "toast_settled": ("Permintaan ini sudah diputuskan.", "This request was decided already."),
    "toast_not_approver": (
        "Hanya team leader wilayahnya atau admin yang dapat memutuskan.",
        "Only the team leader of its area or an admin may decide.",
    ),
    # help
    "help_ubah": (
        "/ubah mengoreksi order Anda selama belum diambil: <code>/ubah SC32232558 SN ZTEGC6754546</code>.",
        "/ubah corrects an order of yours while nobody took it: <code>/ubah SC32232558 SN ZTEGC6754546</code>.",
    ),
    "help_photo": (
        "Foto: balas pesan tentang ordernya, atau tulis nomornya di keterangan foto.",
        "Photos: reply to a message about the order, or write its number in the caption.",
    ),
    "help_rekap": (
        "/rekap rekap hari ini; <code>/rekap bulan</code>, <code>/rekap 12-11-2026</code>.",
        "/rekap today's recap; <code>/rekap bulan</code>, <code>/rekap 12-11-2026</code>.",
    ),
    "help_serahterima": (
        "/serahterima menyerahkan order Anda di akhir giliran, semua atau sebagian. Boleh dengan catatan.",
        "/serahterima hands over all or some of your orders at the end of a shift. A note may follow.",
    ),
    "menu_ubah": ("Koreksi order saya", "Correct an order of mine"),
    "menu_rekap": ("Rekap hari ini, bulan, tanggal", "Recap of today, a month, a date"),
    "menu_serahterima": ("Serahkan order di akhir giliran", "Hand over at the end of a shift"),
}
