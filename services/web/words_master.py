"""What the master data pages say of a mistake and of what was done. Decides nothing."""

from collections.abc import Mapping

from services.web import words
from services.web.language import N_, _
from shared.chats.binding import DeadCode
from shared.errors import Conflict, Invalid, SikproError
from shared.orders.masterdata import LastOne
from shared.people.invites import DeadLink, OnlyTelegram
from shared.people.operations import LastAdmin, NotWaiting, OwnAccount
from shared.places.operations import PastHoliday, SiteInUse, SiteIsOff

_GENERAL = {
    "missing": N_("Belum diisi."),
    "taken": N_("Sudah dipakai. Pilih yang lain."),
    "unknown": N_("Tidak ada dalam daftar. Pilih lagi."),
    "not_a_number": N_("Harus berupa angka."),
    "not_a_day": N_("Harus berupa tanggal, contoh 2026-11-21."),
    "not_a_time": N_("Harus berupa jam, contoh 08:00."),
    "too_long": N_("Terlalu panjang; kelebihannya sudah dipotong. Persingkat, lalu simpan lagi."),
}
_EXACT: Mapping[tuple[str, str], str] = {
    ("username", "pattern"): N_("Huruf kecil, angka, titik, atau garis; 3 sampai 64 karakter. Contoh nadia.putri."),
    ("username", "missing"): N_("Peran ini masuk lewat web, jadi perlu nama pengguna."),
    ("username", "taken"): N_("Nama pengguna ini sudah dipakai orang lain."),
    ("technician_code", "pattern"): N_("Satu huruf, satu angka, kode STO, lalu 2 sampai 4 angka. Contoh F5SDA445."),
    ("technician_code", "missing"): N_("Teknisi perlu kode teknisi."),
    ("technician_code", "taken"): N_("Kode ini sudah milik teknisi lain."),
    ("telegram_id", "pattern"): N_(
        "Nomor Telegram berupa angka saja; orangnya melihatnya dengan mengirim /start ke bot."
    ),
    ("telegram_id", "taken"): N_("Akun Telegram ini sudah milik orang lain."),
    ("telegram_name", "missing"): N_("Isi nama Telegramnya (@…), karena nomor Telegramnya belum dikenal."),
    ("telegram_name", "pattern"): N_("4 sampai 32 huruf, angka, atau garis bawah. Contoh @rizal_fauzi."),
    ("telegram_name", "taken"): N_("Nama Telegram ini sudah milik orang lain."),
    ("role", "above"): N_("Anda tidak dapat memberi peran di atas peran Anda."),
    ("role", "own"): N_("Peran Anda sendiri hanya dapat diubah admin lain."),
    ("area", "missing"): N_("Pilih paling sedikit satu Site Operation atau STO."),
    ("area", "unknown"): N_("Ada unit yang tidak aktif. Pilih lagi."),
    ("code", "taken"): N_("Kode ini sudah ada."),
    ("site.code", "pattern"): N_("2 sampai 16 huruf, angka, atau garis. Contoh SO-SDA."),
    ("sto.code", "pattern"): N_("Tiga huruf. Contoh SDA."),
    ("code", "pattern"): N_("Dimulai huruf; 2 sampai 16 huruf besar, angka, atau garis bawah. Contoh KENDALA."),
    ("witel", "pattern"): N_("2 sampai 16 huruf atau angka. Contoh SDO."),
    ("closes", "same"): N_("Jam tutup harus berbeda dari jam buka."),
    ("valid_to", "before_from"): N_("Berakhir sebelum mulai. Perbaiki salah satunya."),
    ("site", "same"): N_("STO ini memang sudah di Site Operation itu."),
    ("site", "unknown"): N_("Site Operation ini tidak ada atau tidak aktif."),
    ("since", "before_last"): N_("Harus sesudah tanggal perpindahan terakhir STO ini."),
    ("since", "far"): N_("Tanggalnya terlalu jauh."),
    ("day", "far"): N_("Tanggalnya terlalu jauh."),
    ("day", "taken"): N_("Hari itu sudah libur di unit yang dipilih."),
    ("key_pattern", "pattern"): (
        N_("Pola ini tidak dapat dipakai. Gunakan huruf besar, \\d, [A-Z], (A|B), dan hitungan seperti {6,12}.")
    ),
    ("key_pattern", "matches_nothing"): N_("Pola ini juga menerima isian kosong."),
    ("example", "no_match"): N_("Contoh ini tidak cocok dengan polanya, jadi belum disimpan."),
    ("minutes", "range"): N_(N_("1 sampai 20.160 menit (14 hari).")),
    ("since", "past"): N_("Target tidak berlaku mundur. Pilih hari ini atau sesudahnya."),
    ("breaks", "not_breaks"): N_("Tulis seperti 12:00–13:00; beberapa dipisah koma."),
    ("breaks", "turned"): N_("Istirahat harus selesai sesudah mulainya."),
    ("breaks", "overlap"): N_("Ada istirahat yang tumpang tindih. Gabungkan."),
    ("breaks", "too_many"): N_("Paling banyak enam istirahat sehari."),
    ("breaks", "no_time_left"): N_("Tidak tersisa waktu kerja di luar istirahat."),
    ("target_minutes", "range"): N_("1 sampai 20.160 menit (14 hari)."),
    ("position", "range"): N_("1 sampai 999."),
    ("schedule.kind", "too_many"): N_("Paling banyak 20 jadwal. Hapus yang tidak dipakai."),
    ("schedule.at", "double"): N_("Anda sudah punya jadwal yang sama."),
    ("schedule.day", "range"): N_("1 sampai 28."),
    ("schedule.day", "week"): N_("1 Senin sampai 7 Minggu."),
    ("schedule.sto", "outside"): N_("STO ini di luar wilayah grup itu."),
    ("schedule.sto", "unknown"): N_("STO ini tidak ada di wilayah Anda."),
    ("reason_required", "no_reasons"): N_("Tambahkan dulu alasan untuk status ini, baru wajibkan."),
    ("rule.audience", "taken"): N_("Aturan ini sudah ada."),
    ("rule.audience", "own"): N_("Kejadian ini tidak punya orang yang bersangkutan. Pilih peran, orang, atau grup."),
    ("rule.audience", "nowhere"): N_("Kejadian ini tidak punya wilayah. Pilih peran, orang, atau satu grup."),
    ("rule.unit", "nowhere"): N_("Kejadian ini tidak punya wilayah. Pilih Semua wilayah."),
    ("ladder.step1", "range"): N_("1 sampai 20.160 menit (14 hari)."),
    ("ladder.step1", "order"): N_("Tiap tingkat harus lebih lama dari tingkat sebelumnya."),
    ("contact.closes", "order"): N_("Jam selesai harus sesudah jam mulai."),
    ("contact.weekly", "range"): N_("0 sampai 21 kali."),
    ("contact.card", "range"): N_("1 sampai 2.880 menit (48 jam)."),
    ("wish.ends", "same"): N_("Jam selesai harus berbeda dari jam mulai."),
    ("webhook.name", "too_many"): N_("Paling banyak 20 alamat. Hapus yang tidak dipakai."),
    ("url", "pattern"): N_("Bukan alamat web. Contoh https://pusat.contoh.id/sikpro."),
    ("url", "credentials"): N_("Alamat tidak boleh berisi nama pengguna, kata sandi, atau tanda #."),
    ("url", "http"): N_("Harus https, supaya isinya tidak terbaca di jalan."),
    ("url", "inside"): N_("Alamat ini di dalam jaringan sendiri. Yang menjalankan SIKPRO dapat mengizinkannya."),
    ("events", "missing"): N_("Pilih paling sedikit satu kejadian."),
    ("moves", "unknown"): N_("Ada perpindahan yang tidak dikenal. Muat ulang halaman."),
    ("moves", "dead_end"): N_("Order akan terkurung: beri paling sedikit satu jalan keluar."),
    ("whose", "used"): N_("Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru."),
    ("clock", "used"): N_("Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru."),
    ("status_code", "used"): N_("Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru."),
    ("unit", "unknown"): N_("Unit ini tidak ada atau tidak aktif."),
    ("thread", "no_topic"): N_("Grup ini tidak punya topik dengan nomor itu."),
    ("password", "too_short"): N_("Terlalu pendek: paling sedikit 12 karakter."),
    ("password", "too_long"): N_("Terlalu panjang: paling banyak 256 karakter."),
    ("password", "common"): N_("Terlalu mudah ditebak. Pakai beberapa kata yang tidak saling berhubungan."),
    ("again", "differs"): N_("Tidak sama dengan kata sandi di atas."),
}
STALE = N_("Data ini baru saja diubah orang lain. Isian Anda masih di sini: periksa, lalu simpan lagi.")

DONE = {
    "ditambah": N_("Data baru tersimpan."),
    "disimpan": N_("Perubahan tersimpan."),
    "aktif": N_("Sudah diaktifkan."),
    "nonaktif": N_("Sudah dinonaktifkan."),
    "dipindah": N_("Perpindahan tersimpan."),
    "batal-pindah": N_("Rencana pindah dibatalkan."),
    "dihapus": N_("Sudah dihapus dari daftar."),
    "disetujui": N_("Teknisi disetujui. Bot langsung dapat dipakainya."),
    "ditolak": N_("Permintaan ditolak."),
    "terikat": N_("Grup terhubung."),
    "dilepas": N_("Hubungan grup diputus."),
    "dicoba": N_("Pesan yang tertahan sedang dikirim lagi."),
    "ditahan": N_("Grup ditahan. Pesannya menunggu sampai dilepaskan."),
    "tautan-grup": N_("Telegram sedang membuat tautannya. Muat ulang halaman ini beberapa detik lagi."),
    "disematkan": N_("Kartu order yang masuk atau berubah sejak sekarang disematkan selama order terbuka."),
    "tak-disematkan": N_("Kartu order tidak disematkan lagi."),
    "diperiksa": N_("Bot memeriksa haknya di grup. Hasilnya ada di sini beberapa detik lagi."),
    "uji-webhook": N_("Pesan percobaan dikirim. Hasilnya ada di catatan beberapa detik lagi; muat ulang halaman."),
    "webhook-lagi": N_("Pesan masuk antrean kirim lagi."),
    "rahasia": N_("Rahasianya sudah diganti dan hanya ditampilkan sekali. Kalau belum disalin, ganti sekali lagi."),
    "dijadwalkan": N_("Laporan dijadwalkan."),
    "dijeda": N_("Jadwal dijeda."),
    "dilanjutkan": N_("Jadwal dilanjutkan."),
    "jadwal-dihapus": N_("Jadwal dihapus. Laporan ini tidak dikirim lagi."),
}
"""What a page says after a redirect; the address carries the key."""


def wrong(kind: str, name: str, code: str) -> str:
    """Why one field of a form was not taken; `kind` is the thing the form is of."""
    return _(
        _EXACT.get((f"{kind}.{name}", code))
        or _EXACT.get((name, code))
        or _GENERAL.get(code)
        or N_("Isian ini tidak dapat dipakai.")
    )


def refused(error: SikproError) -> str:
    """Why an act was not done."""
    match error:
        case SiteInUse():
            return _("Masih menaungi {count} STO aktif. Pindahkan atau nonaktifkan STO itu dulu.", count=error.count)
        case SiteIsOff():
            return _("Site Operation-nya tidak aktif. Aktifkan dulu, atau pindahkan STO ini.")
        case PastHoliday():
            return _("Hari libur ini sudah berjalan dan ikut dihitung SLA, jadi tidak dapat dihapus.")
        case LastOne():
            return _("Ini yang terakhir dari jenisnya. Aktifkan atau tambahkan yang lain dulu.")
        case LastAdmin():
            return _("Ini admin aktif yang terakhir. Angkat admin lain dulu.")
        case OwnAccount():
            return _("Ini akun Anda sendiri. Admin lain yang dapat melakukannya.")
        case NotWaiting():
            return _("Orang ini sudah tidak menunggu persetujuan; mungkin rekan Anda lebih dulu.")
        case OnlyTelegram():
            return _("Orang ini tidak memakai web, atau akunnya nonaktif.")
        case DeadLink():
            return _("Tautan ini sudah dipakai, diganti, atau lewat 24 jam.")
        case DeadCode():
            return _("Kode ini sudah dipakai atau lewat 15 menit.")
        case Invalid():
            return " ".join(wrong("", name, code) for name, code in error.fields.items())
        case Conflict():
            return words.sentence(error) or _("Keadaannya sudah berubah. Muat ulang, lalu coba lagi.")
        case _:
            return words.sentence(error)
