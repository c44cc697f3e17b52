"""What the bot says to collectors, Indonesian and English side by side; part of `texts.SAYINGS`. It only says."""

ARREARS: dict[str, tuple[str, str]] = {
    # results, on buttons and in sentences
    "r_promise": ("Janji bayar", "Promises to pay"),
    "r_paid": ("Sudah bayar", "Paid already"),
    "r_nobody_home": ("Rumah kosong", "Nobody home"),
    "r_refused": ("Menolak", "Refused"),
    "r_moved": ("Pindah alamat", "Moved"),
    "r_wants_out": ("Minta cabut", "Wants to end"),
    "r_fault": ("Ada gangguan", "Has a fault"),
    # today's list
    "tasks_head": ("<b>Tugas hari ini</b>", "<b>Today's list</b>"),
    "tasks_done": ("Hari ini {visits} kunjungan", "{visits} visits today"),
    "tasks_promised": (", dijanjikan {amount}", ", {amount} promised"),
    "tasks_office": ("<b>Janji bayar yang jatuh tempo</b>", "<b>Promises that are due</b>"),
    "tasks_none": (
        "Tidak ada lagi pelanggan untuk dikunjungi hari ini. Cari yang lain dengan /tagihan dan nomor atau namanya.",
        "There is nobody left to visit today. Find others with /tagihan and their number or name.",
    ),
    "tasks_none_office": (
        "Tidak ada janji bayar yang jatuh tempo hari ini di wilayah Anda.",
        "No promise is due today in your area.",
    ),
    "tasks_pick": ("Pilih nomornya untuk membuka.", "Choose a number to open it."),
    "months": ("{n} bulan", "{n} months"),
    "promise_today": ("janji hari ini {amount}", "promised for today {amount}"),
    "promise_late": ("janji {day} lewat, {amount}", "promise of {day} has passed, {amount}"),
    "promise_open": ("janji {day}, {amount}", "promised for {day}, {amount}"),
    "metres": ("{n} m dari kunjungan terakhir", "{n} m from the last stop"),
    "kilometres": ("{n} km dari kunjungan terakhir", "{n} km from the last stop"),
    # finding an account
    "bill_how": (
        (
            "Kirim nomor internet, nama, atau alamat, contoh <code>/tagihan 152312345678</code>.\n"
            "Hasil kunjungan boleh langsung ditulis: <code>/tagihan 152312345678 janji 25/11 300rb</code>."
        ),
        (
            "Send an internet number, a name or an address, for example <code>/tagihan 152312345678</code>.\n"
            "You may add what came of the visit: <code>/tagihan 152312345678 janji 25/11 300rb</code>."
        ),
    ),
    "bill_short": ("Tulis paling sedikit 3 huruf atau angka.", "Write at least 3 letters or digits."),
    "bill_none": (
        "Tidak ada tunggakan yang cocok di wilayah Anda. Periksa nomor atau ejaannya.",
        "Nothing in your area fits. Check the number or the spelling.",
    ),
    "bill_found": ("Yang cocok, tunggakan terbesar di atas:", "What fits, the most owed first:"),
    "bill_more": ("Masih ada lainnya. Tulis lebih lengkap.", "There are more. Write more of it."),
    "bill_result": (
        (
            "Hasil itu tidak dikenal. Tulis janji, lunas, kosong, menolak, pindah, cabut, atau gangguan, "
            "contoh <code>/tagihan {number} janji 25/11 300rb</code>."
        ),
        (
            "That result is unknown. Write janji, lunas, kosong, menolak, pindah, cabut or gangguan, "
            "for example <code>/tagihan {number} janji 25/11 300rb</code>."
        ),
    ),
    # the card
    "card_visit": ("Kunjungan terakhir {at}: {result}", "Last visit {at}: {result}"),
    "card_never": ("Belum pernah dikunjungi", "Not visited yet"),
    "card_phone": ("Telepon {phones}", "Phone {phones}"),
    "card_phone_later": ("Telepon tampil di jam kontak", "The phone is shown in contact hours"),
    "card_goes": (
        "Pesan ini terhapus sendiri dalam {minutes} menit. Pembacaan dicatat.",
        "This message deletes itself within {minutes} minutes. The reading is logged.",
    ),
    "card_masked": ("Data lengkap hanya di chat pribadi.", "Full data only in a private chat."),
    "guard_closed": ("Sudah tidak menunggak menurut daftar terbaru.", "No longer in arrears on the newest list."),
    "guard_paused": (
        "Penagihan dijeda karena gangguan{order}. Dilanjutkan setelah gangguannya ditangani.",
        "Collection is paused because of a fault{order}. It goes on when that is dealt with.",
    ),
    "guard_order": (", order <code>{number}</code>", ", order <code>{number}</code>"),
    "guard_hours": (
        "Di luar jam kontak {opens}–{closes} {zone}. Boleh lagi {again}.",
        "Outside contact hours {opens}–{closes} {zone}. Possible again {again}.",
    ),
    "guard_weekly": (
        "Sudah {times} kali dihubungi dalam 7 hari. Boleh lagi {again}, kecuali pelanggan sendiri yang berjanji.",
        "Met {times} times in 7 days. Possible again {again}, unless the customer makes a promise.",
    ),
    # a promise
    "ask_due": ("<b>Janji bayar</b> {name}: kapan?", "<b>Promise</b> of {name}: when?"),
    "ask_due_typed": (
        "Tulis tanggal janjinya, contoh <code>25/11</code> atau <code>Senin</code>.",
        "Write the day, for example <code>25/11</code> or <code>besok</code>.",
    ),
    "ask_amount": (
        "<b>Janji bayar</b> {name}, {day}: berapa?",
        "<b>Promise</b> of {name}, {day}: how much?",
    ),
    "ask_amount_typed": (
        "Tulis nominalnya, contoh <code>300rb</code> atau <code>300.000</code>.",
        "Write the amount, for example <code>300rb</code> or <code>300.000</code>.",
    ),
    "due_past": ("Tanggal itu sudah lewat.", "That day has passed."),
    "due_too_far": ("Paling jauh 92 hari dari sekarang.", "92 days from now at most."),
    "due_missing": ("Tanggal itu tidak terbaca.", "That day could not be read."),
    "amount_wrong": (
        "Nominal itu tidak terbaca, atau jauh di atas tunggakannya.",
        "That amount could not be read, or is far over what is owed.",
    ),
    "by_hand_hint": ("Tulis, atau batal", "Write it, or batal"),
    "b_today": ("Hari ini", "Today"),
    "b_tomorrow": ("Besok", "Tomorrow"),
    "b_other_day": ("Tanggal lain", "Another day"),
    "b_other_amount": ("Nominal lain", "Another amount"),
    "b_all_of_it": ("Semua {amount}", "All, {amount}"),
    "b_one_month": ("1 bulan {amount}", "1 month, {amount}"),
    "b_half": ("Separuh {amount}", "Half, {amount}"),
    "b_card": ("Kembali", "Back"),
    "b_on": ("Berikutnya", "More"),
    "b_next_task": ("Tugas berikutnya", "Next on the list"),
    # what was written down
    "recorded": ("<b>Tercatat {at}</b>: {result}", "<b>Noted {at}</b>: {result}"),
    "recorded_before": ("<b>Sudah tercatat {at}</b>: {result}", "<b>Noted already {at}</b>: {result}"),
    "recorded_promise": ("{amount} sampai {day}", "{amount} by {day}"),
    "recorded_fault": (
        "Order <code>{number}</code> dibuat untuk helpdesk. Penagihan dijeda sampai order itu ditutup.",
        "Order <code>{number}</code> was raised for helpdesk. Collection is paused until it is closed.",
    ),
    "recorded_proof": (
        "Kirim foto atau lokasi sekarang, bila ada.",
        "Send a photo or a location now, if you have one.",
    ),
    "proof_photo": ("Foto disimpan pada kunjungan {name}.", "Photo saved with the visit to {name}."),
    "proof_place": (
        "Lokasi disimpan pada kunjungan {name}. /tugas kini mendahulukan yang dekat.",
        "Location saved with the visit to {name}. /tugas now puts near ones first.",
    ),
    "proof_whose": (
        "Pilih dulu hasil kunjungannya, lalu kirim foto atau lokasinya.",
        "Choose what came of the visit first, then send its photo or location.",
    ),
    "errand_ended": ("Dibatalkan. Tidak ada yang dicatat.", "Stopped. Nothing was noted."),
    # where it may be asked, and what no longer works
    "field_elsewhere": (
        "Grup ini tidak dihubungkan untuk penagihan. Kirim perintah ini di chat pribadi, atau di grup petugas.",
        "This group is not connected for collection. Send this command in a private chat or in the collectors' group.",
    ),
    "toast_bill_gone": (
        "Pelanggan ini tidak ada di wilayah Anda.",
        "This customer is not in your area.",
    ),
    "toast_old_card": (
        "Tombol ini sudah tidak berlaku. Kirim /tugas untuk daftar terbaru.",
        "This button no longer works. Send /tugas for the newest list.",
    ),
    "toast_sent_private": ("Dikirim ke chat pribadi Anda.", "Sent to your private chat."),
    "toast_start_first": (
        "Buka chat pribadi dengan @{bot}, tekan Mulai, lalu coba lagi.",
        "Open a private chat with @{bot}, press Start, then try again.",
    ),
    "toast_noted": ("Tercatat: {result}.", "Noted: {result}."),
    "toast_noted_before": ("Sudah tercatat: {result}.", "Noted already: {result}."),
    "purpose_collectors": ("petugas tagih", "collectors"),
    "help_tugas": (
        "/tugas menampilkan pelanggan yang perlu Anda kunjungi hari ini.",
        "/tugas lists the customers to visit today.",
    ),
    "help_tugas_office": (
        "/tugas menampilkan janji bayar yang jatuh tempo di wilayah Anda.",
        "/tugas lists the promises that are due in your area.",
    ),
    "help_tagihan": (
        (
            "/tagihan mencari pelanggan menunggak: <code>/tagihan 152312345678</code>. "
            "Hasil kunjungan boleh langsung ditulis: <code>/tagihan 152312345678 kosong</code>."
        ),
        (
            "/tagihan finds a customer in arrears: <code>/tagihan 152312345678</code>. "
            "You may add what came of the visit: <code>/tagihan 152312345678 kosong</code>."
        ),
    ),
    "menu_tugas": ("Pelanggan untuk dikunjungi hari ini", "Customers to visit today"),
    "menu_tagihan": ("Cari tunggakan pelanggan", "Find a customer in arrears"),
}
