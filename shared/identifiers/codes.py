"""Reads what an order is known by: registration number, type, serial, STO, ODP label, technician. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.identifiers.read import Doubt, Read, compact, letters, refuse

# ITU-T G.988 vendor ids seen in Indonesian networks; another one is a warning, never a refusal.
VENDORS = frozenset(
    {"ZTEG", "HWTC", "HUAW", "FHTT", "ALCL", "FIBR", "GNXS", "ISKT", "CDTC", "RTKG",
     "TPLG", "SMBS", "ADTN", "DSNW", "CIGG", "CXNK", "UBNT", "BDCM", "SCOM"}
)  # fmt: skip

TYPE_WORDS: Mapping[str, str] = {
    "PASANG BARU": "AO",
    "PASANGBARU": "AO",
    "PSB": "AO",
    "PASANG": "AO",
    "NEW INSTALL": "AO",
    "GANTI PAKET": "MO",
    "UBAH PAKET": "MO",
    "PINDAH PAKET": "MO",
    "UPGRADE": "MO",
    "DOWNGRADE": "MO",
    "MODIFY": "MO",
    "MODIFIKASI": "MO",
    "PINDAH ALAMAT": "PDA",
    "RELOKASI": "PDA",
    "AKTIVASI ULANG": "CONFIG",
    "KONFIGURASI": "CONFIG",
    "KONFIG": "CONFIG",
    "CONFIGURATION": "CONFIG",
    "RECONFIG": "CONFIG",
}

MISREAD = str.maketrans("OIS", "015")
HEX8 = re.compile(r"[0-9A-F]{8}")
HEX16 = re.compile(r"[0-9A-FOIS]{16}")
VENDOR_AND_8 = re.compile(r"([A-Z]{4})([0-9A-Z]{8})")
MAC_GROUPS = re.compile(r"(?:[0-9A-F]{2}([:-]))(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}|(?:[0-9A-F]{4}\.){2}[0-9A-F]{4}")
ODP = re.compile(r"(?:ODP)?[ \-._/]{0,4}([A-Z]{3})[ \-._/]{0,4}(?:([A-Z]{1,4})[ \-._/]{0,4})?([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Patterns:
    """The shapes that settings may change. Patterns match whole, cleaned values."""

    registration: str = r"SC[0-9]{6,12}"
    usual_digits: int = 8
    technician: str = r"[A-Z][0-9][A-Z]{3}[0-9]{2,4}"
    types: tuple[str, ...] = ("AO", "MO", "PDA", "CONFIG")
    vendors: frozenset[str] = VENDORS


USUAL = Patterns()


def registration_number(text: str, patterns: Patterns = USUAL) -> Read[str]:
    """`SC32232558`, also from `sc-3223 2558` or bare digits. Letters O, I, S among them: offers digits."""
    value = compact(text)
    if not value:
        return refuse("sc", "missing")
    value = f"SC{value}" if value[0].isdigit() else value
    if not re.fullmatch(patterns.registration, value):
        offer = value[:2] + value[2:].translate(MISREAD)
        return refuse("sc", "not_a_number", offer if re.fullmatch(patterns.registration, offer) else None)
    digits = sum(c.isdigit() for c in value)
    if digits != patterns.usual_digits:
        params = {"digits": digits, "usual": patterns.usual_digits}
        return Read(value, (Doubt("sc", "sc.unusual_length", params),))
    return Read(value)


def fault_number(text: str) -> Read[str]:
    """`GGN000000123`, the number of an order that a collector's visit raised; the house makes them itself."""
    value = compact(text)
    return Read(value) if re.fullmatch(r"GGN\d{6,12}", value) else refuse("sc", "not_a_number")


def order_type(text: str, patterns: Patterns = USUAL) -> Read[str]:
    """A code of master data, or the words people use for the four that come with the product."""
    words = letters(text).strip(" .:,-")
    if not words:
        return refuse("type", "missing")
    code = compact(words)
    if code in patterns.types:
        return Read(code)
    meant = TYPE_WORDS.get(" ".join(words.replace("-", " ").split()))
    return Read(meant) if meant in patterns.types else refuse("type", "unknown", given=words[:20])


def serial(text: str, patterns: Patterns = USUAL) -> Read[str]:
    """`ZTEGC6754546`, also from its 16 hex digits. A MAC has no value but is warned of, not refused."""
    line = letters(text)
    value = compact(line)
    if not value:
        return refuse("sn", "missing")
    if MAC_GROUPS.fullmatch(line) or (re.fullmatch("[0-9A-F]{12}", value) and not value[:4].isalpha()):
        return Read(None, (Doubt("sn", "sn.is_mac"),))
    if HEX16.fullmatch(value):
        named = named_serial(value.translate(MISREAD))
        if named is None:
            return refuse("sn", "not_a_serial")
        if named_serial(value) is None:
            return refuse("sn", "not_a_serial", named)
        return doubt_serial(named[:4], named[4:], patterns)
    if found := VENDOR_AND_8.fullmatch(value):
        return doubt_serial(found[1], found[2], patterns)
    if value[:4] in patterns.vendors and 8 <= len(value) <= 16:
        return Read(value, (Doubt("sn", "sn.unusual_length", {"length": len(value)}),))
    return refuse("sn", "not_a_serial")


def doubt_serial(vendor: str, tail: str, patterns: Patterns) -> Read[str]:
    warnings: list[Doubt] = []
    offer = None
    if not HEX8.fullmatch(tail):
        likely = tail.translate(MISREAD)
        odd = "".join(dict.fromkeys(c for c in tail if c not in "0123456789ABCDEF"))
        if HEX8.fullmatch(likely):
            offer = vendor + likely
            warnings.append(Doubt("sn", "sn.letter_in_hex", {"letters": odd, "offer": offer}))
        else:
            warnings.append(Doubt("sn", "sn.not_hex", {"letters": odd}))
    if vendor not in patterns.vendors:
        warnings.append(Doubt("sn", "sn.unknown_vendor", {"vendor": vendor}))
    return Read(vendor + tail, tuple(warnings), offer)


def named_serial(sixteen: str) -> str | None:
    """`5A544547C6754546` as `ZTEGC6754546`; None when its first four bytes are no letters."""
    try:
        vendor = bytes.fromhex(sixteen[:8]).decode("ascii").upper()
    except ValueError:
        return None
    return vendor + sixteen[8:] if vendor.isalpha() and HEX8.fullmatch(sixteen[8:]) else None


def hex_serial(value: str) -> str:
    """The 16 hex digits of a 12-character serial: the other direction of `named_serial`."""
    return value[:4].encode("ascii").hex().upper() + value[4:]


def sto(text: str, known: Collection[str] | None = None) -> Read[str]:
    """Three letters. When `known` is given, a code outside it is refused: master data decides."""
    value = compact(text)
    if not value:
        return refuse("sto", "missing")
    if not re.fullmatch("[A-Z]{3}", value):
        return refuse("sto", "not_three_letters")
    if known is not None and value not in known:
        return refuse("sto", "unknown", sto=value)
    return Read(value)


def odp(text: str, of_sto: str | None = None) -> Read[str]:
    """`ODP-SDA-003` or `ODP-SDA-FAB/12`, from any separators; the number's zeros stay as given."""
    line = letters(text).strip(" .:,-/")
    if not line:
        return refuse("odp", "missing")
    found = ODP.fullmatch(line)
    if not found:
        return refuse("odp", "not_a_label")
    place, group, number = found.groups()
    value = f"ODP-{place}-{group}/{number}" if group else f"ODP-{place}-{number}"
    warnings = []
    if not 2 <= len(number) <= 4:
        warnings.append(Doubt("odp", "odp.unusual_number", {"number": number}))
    if of_sto is not None and place != of_sto:
        warnings.append(Doubt("odp", "odp.other_sto", {"odp_sto": place, "sto": of_sto}))
    return Read(value, tuple(warnings))


def odp_sto(label: str) -> str:
    """The STO inside a label that `odp` gave."""
    return label[4:7]


def technician_code(text: str, patterns: Patterns = USUAL) -> Read[str]:
    value = compact(text)
    if not value:
        return refuse("tech", "missing")
    return Read(value) if re.fullmatch(patterns.technician, value) else refuse("tech", "not_a_code")
