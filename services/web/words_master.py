"""What the master data pages say of a mistake and of what was done. Decides nothing."""

from collections.abc import Mapping

from services.web import words
from shared.chats.binding import DeadCode
from shared.errors import Conflict, Invalid, SikproError
from shared.orders.masterdata import LastOne
from shared.people.invites import DeadLink, OnlyTelegram
from shared.people.operations import LastAdmin, NotWaiting, OwnAccount
from shared.places.operations import PastHoliday, SiteInUse, SiteIsOff

_GENERAL = {
    "missing": "Belum diisi.",
    "taken": "Sudah dipakai. Pilih yang lain.",
    "unknown": "Tidak ada dalam daftar. Pilih lagi.",
    "not_a_number": "Harus berupa angka.",
    "not_a_day": "Harus berupa tanggal, contoh 2026-11-21.",
    "not_a_time": "Harus berupa jam, contoh 08:00.",
    "too_long": "Terlalu panjang; kelebihannya sudah dipotong. Persingkat, lalu simpan lagi.",
}
_EXACT: Mapping[tuple[str, str], str] = {
    ("username", "pattern"): "Huruf kecil, angka, titik, atau garis; 3 sampai 64 karakter. Contoh nadia.putri.",
    ("username", "missing"): "Peran ini masuk lewat web, jadi perlu nama pengguna.",
    ("username", "taken"): "Nama pengguna ini sudah dipakai orang lain.",
    ("technician_code", "pattern"): "Satu huruf, satu angka, kode STO, lalu 2 sampai 4 angka. Contoh F5SDA445.",
    ("technician_code", "missing"): "Teknisi perlu kode teknisi.",
    ("technician_code", "taken"): "Kode ini sudah milik teknisi lain.",
    ("telegram_id", "pattern"): "Nomor Telegram berupa angka saja; orangnya melihatnya dengan mengirim /start ke bot.",
    ("telegram_id", "taken"): "Akun Telegram ini sudah milik orang lain.",
    ("role", "above"): "Anda tidak dapat memberi peran di atas peran Anda.",
    ("role", "own"): "Peran Anda sendiri hanya dapat diubah admin lain.",
    ("area", "missing"): "Pilih paling sedikit satu Site Operation atau STO.",
    ("area", "unknown"): "Ada unit yang tidak aktif. Pilih lagi.",
    ("code", "taken"): "Kode ini sudah ada.",
    ("site.code", "pattern"): "2 sampai 16 huruf, angka, atau garis. Contoh SO-SDA.",
    ("sto.code", "pattern"): "Tiga huruf. Contoh SDA.",
    ("code", "pattern"): "Dimulai huruf; 2 sampai 16 huruf besar, angka, atau garis bawah. Contoh KENDALA.",
    ("witel", "pattern"): "2 sampai 16 huruf atau angka. Contoh SDO.",
    ("closes", "same"): "Jam tutup harus berbeda dari jam buka.",
    ("valid_to", "before_from"): "Berakhir sebelum mulai. Perbaiki salah satunya.",
    ("site", "same"): "STO ini memang sudah di Site Operation itu.",
    ("site", "unknown"): "Site Operation ini tidak ada atau tidak aktif.",
    ("since", "before_last"): "Harus sesudah tanggal perpindahan terakhir STO ini.",
    ("since", "far"): "Tanggalnya terlalu jauh.",
    ("day", "far"): "Tanggalnya terlalu jauh.",
    ("day", "taken"): "Hari itu sudah libur di unit yang dipilih.",
    ("key_pattern", "pattern"): (
        "Pola ini tidak dapat dipakai. Gunakan huruf besar, \\d, [A-Z], (A|B), dan hitungan seperti {6,12}."
    ),
    ("key_pattern", "matches_nothing"): "Pola ini juga menerima isian kosong.",
    ("example", "no_match"): "Contoh ini tidak cocok dengan polanya, jadi belum disimpan.",
    ("target_minutes", "range"): "1 sampai 20.160 menit (14 hari).",
    ("position", "range"): "1 sampai 999.",
    ("reason_required", "no_reasons"): "Tambahkan dulu alasan untuk status ini, baru wajibkan.",
    ("moves", "unknown"): "Ada perpindahan yang tidak dikenal. Muat ulang halaman.",
    ("moves", "dead_end"): "Order akan terkurung: beri paling sedikit satu jalan keluar.",
    ("whose", "used"): "Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru.",
    ("clock", "used"): "Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru.",
    ("status_code", "used"): "Alasan ini sudah dipakai order. Nonaktifkan, lalu buat alasan baru.",
    ("unit", "unknown"): "Unit ini tidak ada atau tidak aktif.",
    ("thread", "no_topic"): "Grup ini tidak punya topik dengan nomor itu.",
    ("password", "too_short"): "Terlalu pendek: paling sedikit 12 karakter.",
    ("password", "too_long"): "Terlalu panjang: paling banyak 256 karakter.",
    ("password", "common"): "Terlalu mudah ditebak. Pakai beberapa kata yang tidak saling berhubungan.",
    ("again", "differs"): "Tidak sama dengan kata sandi di atas.",
}
STALE = "Data ini baru saja diubah orang lain. Isian Anda masih di sini: periksa, lalu simpan lagi."

DONE = {
    "ditambah": "Data baru tersimpan.",
    "disimpan": "Perubahan tersimpan.",
    "aktif": "Sudah diaktifkan.",
    "nonaktif": "Sudah dinonaktifkan.",
    "dipindah": "Perpindahan tersimpan.",
    "batal-pindah": "Rencana pindah dibatalkan.",
    "dihapus": "Sudah dihapus dari daftar.",
    "disetujui": "Teknisi disetujui. Bot langsung dapat dipakainya.",
    "ditolak": "Permintaan ditolak.",
    "terikat": "Grup terhubung.",
    "dilepas": "Hubungan grup diputus.",
    "dicoba": "Pesan yang tertahan sedang dikirim lagi.",
}
"""What a page says after a redirect; the address carries the key."""


def wrong(kind: str, name: str, code: str) -> str:
    """Why one field of a form was not taken; `kind` is the thing the form is of."""
    return (
        _EXACT.get((f"{kind}.{name}", code))
        or _EXACT.get((name, code))
        or _GENERAL.get(code)
        or "Isian ini tidak dapat dipakai."
    )


def refused(error: SikproError) -> str:
    """Why an act was not done."""
    match error:
        case SiteInUse():
            return f"Masih menaungi {error.count} STO aktif. Pindahkan atau nonaktifkan STO itu dulu."
        case SiteIsOff():
            return "Site Operation-nya tidak aktif. Aktifkan dulu, atau pindahkan STO ini."
        case PastHoliday():
            return "Hari libur ini sudah berjalan dan ikut dihitung SLA, jadi tidak dapat dihapus."
        case LastOne():
            return "Ini yang terakhir dari jenisnya. Aktifkan atau tambahkan yang lain dulu."
        case LastAdmin():
            return "Ini admin aktif yang terakhir. Angkat admin lain dulu."
        case OwnAccount():
            return "Ini akun Anda sendiri. Admin lain yang dapat melakukannya."
        case NotWaiting():
            return "Orang ini sudah tidak menunggu persetujuan; mungkin rekan Anda lebih dulu."
        case OnlyTelegram():
            return "Orang ini tidak memakai web, atau akunnya nonaktif."
        case DeadLink():
            return "Tautan ini sudah dipakai, diganti, atau lewat 24 jam."
        case DeadCode():
            return "Kode ini sudah dipakai atau lewat 15 menit."
        case Invalid():
            return " ".join(wrong("", name, code) for name, code in error.fields.items())
        case Conflict():
            return words.sentence(error) or "Keadaannya sudah berubah. Muat ulang, lalu coba lagi."
        case _:
            return words.sentence(error)
