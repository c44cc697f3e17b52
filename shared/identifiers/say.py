"""Says a doubt or a refusal in English or Indonesian, always with its field first; it decides nothing."""

from shared.identifiers.read import Doubt

LABELS_ID = {
    "type": "Jenis order", "sc": "Nomor registrasi", "sn": "SN", "sto": "STO", "odp": "ODP", "tech": "Kode teknisi",
    "internet": "Nomor internet", "phone": "Nomor telepon", "amount": "Tagihan", "date": "Tanggal", "name": "Nama",
    "note": "Catatan",
}  # fmt: skip
EXAMPLES = {
    "type": "AO", "sc": "SC32232558", "sn": "ZTEGC6754546", "sto": "SDA", "odp": "ODP-SDA-003", "tech": "F5SDA445",
}  # fmt: skip

ENGLISH = {
    "missing": "missing",
    "several": "several given, {value} used, also {others}",
    "expected": "expected here, for example {example}",
    "required": "required for this order type, for example {example}",
    "sc.unusual_length": "{digits} digits, usually {usual}",
    "sc.not_a_number": "must be SC then 8 digits, for example SC32232558",
    "type.unknown": "no such order type",
    "sn.letter_in_hex": "{noun} {listed} in the hexadecimal part, offer {offer}",
    "sn.not_hex": "{noun} {listed} cannot be in the hexadecimal part",
    "sn.unknown_vendor": "unknown vendor {vendor}",
    "sn.unusual_length": "{length} characters, usually 12",
    "sn.is_mac": "this is a MAC address, not a serial number",
    "sn.not_a_serial": "not a serial number, for example ZTEGC6754546",
    "sto.unknown": "unknown STO",
    "sto.not_three_letters": "must be three letters, for example SDA",
    "odp.other_sto": "its STO {odp_sto} is not {sto}",
    "odp.unusual_number": "number {number} is unusual, usually 2 to 4 digits",
    "odp.not_a_label": "not an ODP label, for example ODP-SDA-003",
    "tech.not_a_code": "not a technician code, for example F5SDA445",
    "internet.destroyed": "number destroyed by Excel ({given}); set the column to Text and paste the numbers again",
    "internet.not_12_digits": "not 12 digits",
    "phone.destroyed": "number destroyed by Excel ({given})",
    "phone.not_a_number": "{given} is not a phone number",
    "amount.not_an_amount": "not an amount",
    "amount.negative": "negative",
    "amount.rounded": "{given} rounded to whole rupiah",
    "date.not_a_date": "not a date, for example 21/11/2026",
    "date.month_first": "read with the month first",
}
INDONESIAN = {
    "missing": "belum ada",
    "several": "ada lebih dari satu; dipakai {value}, yang lain {others}",
    "expected": "diminta di sini, contoh {example}",
    "required": "wajib untuk tipe order ini, contoh {example}",
    "sc.unusual_length": "{digits} angka, biasanya {usual}",
    "sc.not_a_number": "harus SC diikuti 8 angka, contoh SC32232558",
    "type.unknown": "tidak dikenal; pilih AO, MO, PDA atau CONFIG",
    "sn.letter_in_hex": "ada huruf {listed} di bagian angka; mungkin maksudnya {offer}",
    "sn.not_hex": "ada huruf {listed}, padahal hanya 0–9 dan A–F; mohon periksa lagi",
    "sn.unknown_vendor": "merek {vendor} belum dikenal",
    "sn.unusual_length": "{length} karakter, biasanya 12",
    "sn.is_mac": "ini alamat MAC, bukan SN; SN ada di stiker modem",
    "sn.not_a_serial": "bukan SN, contoh ZTEGC6754546",
    "sto.unknown": "{sto} tidak ada dalam daftar",
    "sto.not_three_letters": "harus tiga huruf, contoh SDA",
    "odp.other_sto": "labelnya di STO {odp_sto}, order di {sto}",
    "odp.unusual_number": "nomor {number} tidak biasa, biasanya 2–4 angka",
    "odp.not_a_label": "bukan label ODP, contoh ODP-SDA-003",
    "tech.not_a_code": "bukan kode teknisi, contoh F5SDA445",
    "internet.destroyed": "nomor rusak oleh Excel ({given}); ubah kolom menjadi Teks, lalu tempel ulang nomornya",
    "internet.not_12_digits": "harus 12 angka",
    "phone.destroyed": "nomor rusak oleh Excel ({given})",
    "phone.not_a_number": "{given} bukan nomor telepon",
    "amount.not_an_amount": "bukan jumlah uang",
    "amount.negative": "jumlahnya negatif",
    "amount.rounded": "{given} dibulatkan ke rupiah",
    "date.not_a_date": "bukan tanggal, contoh 21/11/2026",
    "date.month_first": "dibaca dengan bulan di depan",
}


def english(doubt: Doubt) -> str:
    """`sn: unknown vendor QQQQ`: the field's code, then the sentence."""
    return f"{doubt.field}: {_fill(ENGLISH, doubt, ' and ')}"


def indonesian(doubt: Doubt) -> str:
    """`SN: merek QQQQ belum dikenal`: the field's Indonesian name, then the sentence."""
    return f"{LABELS_ID.get(doubt.field, doubt.field)}: {_fill(INDONESIAN, doubt, ' dan ')}"


def _fill(sentences: dict[str, str], doubt: Doubt, joined: str) -> str:
    general = doubt.code.rpartition(".")[2]
    sentence = sentences.get(doubt.code) or sentences.get(general) or general.replace("_", " ")
    odd = str(doubt.params.get("letters", ""))
    known = {"listed": joined.join(odd), "noun": "letter" if len(odd) == 1 else "letters"}
    return sentence.format_map(_Gaps(known | {"example": EXAMPLES.get(doubt.field, "")} | dict(doubt.params)))


class _Gaps(dict[str, str | int]):
    """A doubt stored by an older version may lack a number: it is said with a gap, never an error."""

    def __missing__(self, key: str) -> str:
        return "…"
