"""Says what is wrong with a row or a file, and how to mend it, in Indonesian or English. It decides nothing.

Codes of fields that orders have too are said by `shared.identifiers`; here is what only files know.
"""

from collections.abc import Mapping
from typing import Any

from shared.arrears.columns import LABELS

Words = tuple[str, str]

WHY: Mapping[str, Words] = {
    "missing": ("Kosong.", "Empty."),
    "internet.destroyed": ("Nomor rusak oleh Excel.", "Number destroyed by Excel."),
    "internet.not_12_digits": ("Bukan 12 angka.", "Not 12 digits."),
    "internet.same_as": ("Nomor sama dengan baris {row}.", "Same number as row {row}."),
    "name.missing": ("Nama wajib diisi.", "A name is required."),
    "sto.unknown": ("STO tidak ada dalam daftar.", "Unknown STO."),
    "sto.not_three_letters": ("Bukan kode STO.", "Not an STO code."),
    "sto.outside_area": ("STO di luar wilayah Anda.", "This STO is outside your area."),
    "amount.not_an_amount": ("Bukan jumlah uang.", "Not an amount."),
    "amount.negative": ("Jumlahnya negatif.", "The amount is negative."),
    "row.ragged": (
        "Baris ini berisi {cells} kolom, judulnya {expected}.",
        "This row has {cells} columns, the header has {expected}.",
    ),
    "sc.same_as": ("Nomor sama dengan baris {row}.", "Same number as row {row}."),
    "sc.taken": (
        "Sudah terdaftar {when} oleh {who}, status {status}.",
        "Already registered {when} by {who}, status {status}.",
    ),
    "sc.not_a_number": ("Bukan nomor registrasi.", "Not a registration number."),
    "sc.of_another_type": ("Nomor ini bukan untuk jenis order itu.", "This number belongs to another order type."),
    "type.unknown": ("Jenis order tidak dikenal.", "Unknown order type."),
    # What is taken all the same, and said.
    "text.formula": ("Diawali tanda rumus; disimpan sebagai teks.", "Begins like a formula; kept as text."),
    "text.markup": ("Berisi tanda HTML; disimpan sebagai teks.", "Holds HTML; kept as text."),
    "text.hidden": ("Berisi karakter tak terlihat; sudah dibuang.", "Held invisible characters; they were dropped."),
    "months.not_a_number": ("Bukan jumlah bulan; dikosongkan.", "Not a number of months; left empty."),
    "age.not_a_number": ("Bukan jumlah bulan; dikosongkan.", "Not a number of months; left empty."),
    "paid_on.not_a_date": ("Bukan tanggal; dikosongkan.", "Not a date; left empty."),
    "paid_on.month_first": ("Dibaca dengan bulan di depan.", "Read with the month first."),
    "phone.not_a_number": ("Bukan nomor telepon; disimpan apa adanya.", "Not a phone number; kept as it is."),
    "phone.destroyed": ("Nomor telepon rusak oleh Excel.", "Phone number destroyed by Excel."),
    "amount.rounded": ("Dibulatkan ke rupiah.", "Rounded to whole rupiah."),
}
MEND: Mapping[str, Words] = {
    "internet.missing": ("Isi 12 angka nomor internet.", "Fill in the 12 digits of the internet number."),
    "internet.destroyed": (
        "Ubah kolom menjadi Teks di Excel, lalu tempel ulang nomornya.",
        "Set the column to Text in Excel, then paste the numbers again.",
    ),
    "internet.not_12_digits": ("Periksa di sumber data, contoh 152312345678.", "Check the source, e.g. 152312345678."),
    "internet.same_as": ("Hapus salah satu.", "Delete one of them."),
    "name.missing": ("Isi nama pelanggan.", "Fill in the customer's name."),
    "sto.missing": ("Isi kode STO, contoh SDA.", "Fill in the STO code, e.g. SDA."),
    "sto.unknown": ("Periksa kode, atau tambahkan STO di Data master.", "Check the code, or add the STO."),
    "sto.not_three_letters": ("Tulis tiga huruf, contoh SDA.", "Write three letters, e.g. SDA."),
    "sto.outside_area": ("Minta admin mengunggah baris ini.", "Ask an admin to upload this row."),
    "amount.missing": ("Isi jumlah, 0 bila lunas.", "Fill in the amount, 0 if it is paid."),
    "amount.not_an_amount": ("Tulis angka, contoh 1284500 atau 1.284.500.", "Write digits, e.g. 1284500."),
    "amount.negative": ("Isi 0 bila lunas.", "Write 0 if it is paid."),
    "row.ragged": (
        "Apit isi yang memuat pemisah dengan tanda kutip.",
        "Put quotes round a value that holds the separator.",
    ),
    "sc.same_as": ("Hapus salah satu.", "Delete one of them."),
    "sc.taken": ("Hapus baris ini.", "Delete this row."),
    "sc.missing": ("Isi nomor, contoh SC32232558.", "Fill in the number, e.g. SC32232558."),
    "sc.not_a_number": ("Tulis SC diikuti 8 angka, contoh SC32232558.", "Write SC and 8 digits, e.g. SC32232558."),
    "sc.of_another_type": ("Periksa nomor dan jenisnya.", "Check the number and its type."),
    "type.missing": ("Isi AO, MO, PDA atau CONFIG.", "Write AO, MO, PDA or CONFIG."),
    "type.unknown": ("Isi AO, MO, PDA atau CONFIG.", "Write AO, MO, PDA or CONFIG."),
}
LABEL: Mapping[str, Words] = {
    "internet.missing": ("Nomor kosong", "No number"),
    "internet.destroyed": ("Nomor rusak Excel", "Destroyed by Excel"),
    "internet.not_12_digits": ("Nomor bukan 12 angka", "Not 12 digits"),
    "internet.same_as": ("Nomor ganda", "Number twice"),
    "name.missing": ("Nama kosong", "No name"),
    "sto.missing": ("STO kosong", "No STO"),
    "sto.unknown": ("STO tidak dikenal", "Unknown STO"),
    "sto.not_three_letters": ("STO tidak dikenal", "Unknown STO"),
    "sto.outside_area": ("Luar wilayah", "Outside the area"),
    "amount.missing": ("Jumlah kosong", "No amount"),
    "amount.not_an_amount": ("Bukan jumlah uang", "Not an amount"),
    "amount.negative": ("Jumlah negatif", "Negative amount"),
    "row.ragged": ("Jumlah kolom salah", "Wrong number of columns"),
    "sc.same_as": ("Nomor ganda", "Number twice"),
    "sc.taken": ("Sudah terdaftar", "Already registered"),
    "sc.missing": ("Nomor kosong", "No number"),
    "sc.not_a_number": ("Nomor salah", "Wrong number"),
    "sc.of_another_type": ("Nomor jenis lain", "Number of another type"),
    "type.missing": ("Jenis kosong", "No type"),
    "type.unknown": ("Jenis tidak dikenal", "Unknown type"),
    "text.formula": ("Mirip rumus", "Like a formula"),
    "text.markup": ("Berisi HTML", "Holds HTML"),
    "text.hidden": ("Karakter tak terlihat", "Invisible characters"),
    "months.not_a_number": ("Bulan tidak terbaca", "Months not read"),
    "age.not_a_number": ("Umur tidak terbaca", "Age not read"),
    "paid_on.not_a_date": ("Tanggal tidak terbaca", "Date not read"),
    "paid_on.month_first": ("Bulan di depan", "Month first"),
    "phone.not_a_number": ("Telepon tidak terbaca", "Phone not read"),
    "phone.destroyed": ("Telepon rusak Excel", "Phone destroyed by Excel"),
    "amount.rounded": ("Dibulatkan", "Rounded"),
}
_SAVE = ("Simpan sebagai CSV atau XLSX, lalu unggah lagi.", "Save it as CSV or XLSX, then upload it again.")
TROUBLE: Mapping[str, tuple[Words, Words]] = {
    "file.empty": (("Berkas ini kosong.", "This file is empty."), _SAVE),
    "file.header_only": (
        ("Berkas ini hanya berisi judul kolom.", "This file has a header and no rows."),
        ("Isi paling sedikit satu baris data.", "Add at least one row."),
    ),
    "file.no_header": (
        ("Judul kolom tidak ditemukan; baris {row} sudah berisi data.", "No header; row {row} holds data already."),
        ("Tambahkan baris judul, atau pakai templat.", "Add a header line, or use the template."),
    ),
    "file.duplicate_header": (
        ("Kolom {column} ada dua kali di baris {row}.", "Column {column} stands twice in row {row}."),
        ("Pilih kolom mana yang dipakai.", "Choose which of them is meant."),
    ),
    "file.missing_columns": (
        ("Kolom wajib belum ditemukan: {columns}.", "Required columns were not found: {columns}."),
        ("Pilih kolomnya di bawah.", "Choose the columns below."),
    ),
    "file.too_many_columns": (
        ("Baris {row} berisi lebih dari {most} kolom.", "Row {row} has more than {most} columns."),
        _SAVE,
    ),
    "file.too_many_rows": (
        ("Berkas ini berisi lebih dari {most} baris.", "This file has more than {most} rows."),
        ("Bagi menjadi beberapa berkas.", "Split it into several files."),
    ),
    "file.line_too_long": (
        ("Baris {row} lebih panjang dari 1 MB.", "Row {row} is longer than 1 MB."),
        ("Periksa apakah berkas rusak, lalu ekspor ulang.", "Check whether the file is damaged; export it again."),
    ),
    "file.unbalanced_quote": (
        ("Tanda kutip yang dibuka di baris {row} tidak ditutup.", "A quote opened in row {row} is never closed."),
        ("Tutup atau hapus tanda kutip itu.", "Close that quote, or remove it."),
    ),
    "file.binary": (("Ini berkas {what}, bukan tabel.", "This is a {what} file, not a table."), _SAVE),
    "file.encrypted": (
        ("Berkas ini dikunci dengan kata sandi.", "This file is locked with a password."),
        ("Hapus kata sandinya di Excel, lalu unggah lagi.", "Remove its password in Excel, then upload it again."),
    ),
    "file.macro": (
        ("Berkas ini berisi makro.", "This file holds macros."),
        ("Simpan sebagai XLSX tanpa makro.", "Save it as XLSX without macros."),
    ),
    "file.bomb": (
        ("Berkas ini mengembang terlalu besar saat dibuka.", "This file grows far too large when it is opened."),
        ("Simpan sebagai CSV, lalu unggah lagi.", "Save it as CSV, then upload it again."),
    ),
    "file.truncated": (
        ("Berkas ini terpotong atau rusak.", "This file is cut off or damaged."),
        ("Ekspor ulang, lalu unggah lagi.", "Export it again, then upload it."),
    ),
    "file.old_excel": (("Ini berkas Excel 97–2003.", "This is an Excel 97–2003 file."), _SAVE),
    "file.unreadable": (("Isi berkas ini tidak terbaca.", "This file cannot be read."), _SAVE),
    "file.gone": (
        ("Berkas ini sudah dihapus dari penyimpanan.", "This file was removed from storage."),
        ("Unggah lagi.", "Upload it again."),
    ),
    "file.too_large": (
        ("Berkas ini lebih besar dari yang diterima server.", "This file is larger than this server takes."),
        ("Bagi menjadi beberapa berkas.", "Split it into several files."),
    ),
    "file.missing": (
        ("Belum ada berkas yang dipilih.", "No file was chosen."),
        ("Pilih satu berkas, lalu unggah.", "Choose one file, then upload it."),
    ),
    "file.several": (
        ("Lebih dari satu berkas dikirim.", "More than one file was sent."),
        ("Unggah satu per satu.", "Upload them one by one."),
    ),
    "not_allowed": (
        (
            "Unggahan ditolak: hak atau halaman Anda sudah tidak berlaku.",
            "Refused: your right or page is no longer valid.",
        ),
        ("Muat ulang halaman, lalu coba lagi.", "Reload the page, then try again."),
    ),
    "away": (
        ("Basis data sedang tidak terjangkau.", "The database cannot be reached now."),
        ("Coba lagi sebentar lagi.", "Try again in a moment."),
    ),
    "disk_full": (
        ("Penyimpanan server penuh.", "The server's disk is full."),
        ("Dicoba lagi dengan sendirinya setelah ada ruang.", "It is tried again by itself once there is room."),
    ),
    "failed": (
        ("Pemrosesan gagal.", "Processing failed."),
        ("Unggah lagi; bila terulang, hubungi admin.", "Upload it again; if it repeats, tell an admin."),
    ),
    "batch.moved": (
        ("Data berubah sejak pratinjau ini dibuat.", "The data changed after this preview was made."),
        ("Lihat perbedaannya lagi, lalu terapkan.", "Look at the difference again, then apply."),
    ),
}


def why(problem: Mapping[str, Any], language: str = "id") -> str:
    """What is wrong with a value."""
    code = str(problem["code"])
    return _fill(_of(WHY, code), problem.get("params"), language)


def mend(problem: Mapping[str, Any], language: str = "id") -> str:
    """How to mend it; empty where nothing needs to be done."""
    return _fill(_of(MEND, str(problem["code"])), problem.get("params"), language)


def label(code: str, language: str = "id") -> str:
    """A kind of problem in two or three words."""
    return _fill(LABEL.get(code, (code, code)), None, language)


def trouble(said: Mapping[str, Any], language: str = "id") -> tuple[str, str]:
    """(why, how to mend it) of what is wrong with a whole file."""
    first, second = TROUBLE.get(str(said.get("code")), TROUBLE["failed"])
    params = dict(said.get("params") or {})
    if isinstance(given := params.get("columns"), list):
        params["columns"] = ", ".join(field(each, language) for each in given)
    return _fill(first, params, language), _fill(second, params, language)


def field(name: str, language: str = "id") -> str:
    """A field as people call it."""
    return LABELS.get(name, (name, name))[language == "en"]


def _of(table: Mapping[str, Words], code: str) -> Words:
    return table.get(code) or table.get(code.rpartition(".")[2]) or ("", "")


def _fill(words: Words, params: Mapping[str, Any] | None, language: str) -> str:
    return words[language == "en"].format_map(_Gaps(params or {}))


class _Gaps(dict[str, Any]):
    """Words of a later version may want a number that an older row does not have: a gap, never an error."""

    def __missing__(self, key: str) -> str:
        return "…"
