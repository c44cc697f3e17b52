"""The words around an order's fields: labels, note marks and filler. Data only; the reading is in forms."""

import re

FIELDS = ("type", "sc", "sn", "sto", "odp", "tech")

# Longer labels first, so that "NO SC" is not read as "SC".
LABELS = {
    "sc": r"(?:NO|NOMOR|ID|KODE)\.? ?(?:REGISTRASI|REGISTER|REG|ORDER|PERMINTAAN|SC)|REGISTRASI|SC ?ID|ORDER ID|SC",
    "sn": r"(?:NO|NOMOR)\.? ?(?:SERI|SERIAL|SN)(?: ?(?:MODEM|ONT|ONU))?|S/?N[. ]?(?:MODEM|ONT|ONU)?"
    r"|SERIAL(?: ?NUMBER| ?NO)?(?: ?(?:MODEM|ONT|ONU))?",
    "sto": r"KODE ?(?:AREA|STO)|AREA|STO",
    "odp": r"(?:NAMA|LABEL|KODE|NO) ?ODP|ODP",
    "tech": r"(?:KODE|KD|ID)?[. ]?(?:TEKNISI|TEK)|TECHNICIAN|TECH",
    "type": r"(?:TIPE|JENIS|TYPE) ?(?:ORDER|LAYANAN|TRANSAKSI)|ORDER ?TYPE|TIPE|JENIS|TYPE",
    "": r"ORDER|REG",
}
BEFORE = r"(?<![A-Z0-9])"
AFTER = r"(?![A-Z0-9])"

# A label is followed by ':' or '=', or stands alone before a space; in "ODP-SDA-003" and "SC32232558" it is a value.
LABEL = re.compile(
    BEFORE
    + "(?:"
    + "|".join(f"(?P<{name or 'other'}>{words})" for name, words in LABELS.items())
    + r")(?:[ *_]{0,4}[:=]+[ *_]{0,4}| +|(?=\n|$))"
)
NOTE = re.compile(BEFORE + r"(?:CATATAN|CATTAN|NOTES?|KETERANGAN|KET|CAT)(?: {0,4}[:=]+|\.? ?(?=\n)) {0,4}")
COMMAND = re.compile(r"\s*/[A-Z_]+(?:@\w+)?(?=[\s#|,;:]|$)|\s*REG(?=[\s#|,;:])")


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that carry nothing once their field is found, and three-letter words that are no exchange.
FILLER = words(
    "NO NOMOR REG REGISTRASI SC SN MODEM ONT ONU SERIAL NUMBER STO ODP AREA KODE TEKNISI TECH TIPE JENIS TYPE ORDER "
    "DAN MOHON TOLONG REGISTER KET CATATAN NOTE"
)
NOT_STO = words(
    "DAN YANG ADA MAU PAK BUK MAS GAN BRO AJA APA INI ITU CEK LAG DGN UTK TDK BLM SDH YBS THE AND FOR NEW NOT ODP STO "
    "PSB REG PDA CAT KET ONT ONU HUB JAM MBA KAK BOS OKE SIP TKS THX TRM BUT YES NOW JGN BSK TGL RMH GAK KOK NIH"
)
