"""Finds an order's fields in a text by their shapes, and takes each out as it is found. Decides nothing about them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile

from shared.identifiers import codes
from shared.identifiers.codes import Patterns
from shared.identifiers.read import Doubt, Read, capitals, compact, one_line, plain
from shared.orders.forms_words import AFTER, BEFORE, COMMAND, FIELDS, FILLER, LABEL, NOT_STO, NOTE

LONGEST = 8192  # characters read; Telegram's own limit is 4096
GONE = "\x00"  # stands where a field was taken out, so that nothing joins across it

SC = re.compile(BEFORE + r"SC[ \-:.=]{0,4}([0-9](?:[ \-]?[0-9]){5,11})" + AFTER)
SC_WORD = re.compile(BEFORE + r"SC[ \-]?(?=[OIS]*[0-9])[0-9OIS]{3,20}" + AFTER)
DIGITS = re.compile(r"(?:SC[ \-]?)?[0-9OIS](?:[ \-]?[0-9OIS]){5,11}" + AFTER)
ODP = re.compile(BEFORE + codes.ODP.pattern.replace("(?:ODP)?", "ODP") + AFTER)
ODP_BARE = re.compile(codes.ODP.pattern + AFTER)
MAC = re.compile(BEFORE + "(?:" + codes.MAC_GROUPS.pattern.replace(r"\1", "[:-]") + ")" + AFTER)
WORD = re.compile(r"[A-Z0-9]+")
TWELVE = re.compile(BEFORE + r"[A-Z]{4}[0-9A-Z]{8}" + AFTER)
HEX_WORD = re.compile(BEFORE + r"(?:[0-9A-FOIS]{16}|[0-9A-F]{12})" + AFTER)
PHRASES = re.compile(BEFORE + "(?:" + "|".join(sorted(codes.TYPE_WORDS, key=len, reverse=True)) + ")" + AFTER)
SIGNS = ",;:=/*_~`"
IDLE = re.compile(r"[\W_]+|[0-9]{1,2}[.)]")  # bare signs, and the numbers of a list
STO_WORD = re.compile(BEFORE + "[A-Z]{3}" + AFTER)


@dataclass(slots=True)
class Sheet:
    """A text while it is read: `caps` loses what is found; `shown` keeps people's own case."""

    shown: str
    caps: str
    patterns: Patterns
    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    doubts: list[Doubt] = field(default_factory=list)
    offers: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    leftovers: tuple[str, ...] = ()
    unknown_sto: str | None = None

    def cut(self, start: int, end: int) -> None:
        self.caps = self.caps[:start] + GONE * (end - start) + self.caps[end:]

    def several(self) -> list[Doubt]:
        """A doubt for each field that was given more than once: the first counts, the others are named."""
        return [
            Doubt(name, f"{name}.several", {"value": given[0], "others": ", ".join(given[1:4])})
            for name, given in self.found.items()
            if len(given) > 1
        ]

    def take(self, name: str, read: Read[str]) -> bool:
        """Keep a value; doubts and offers count for the first one only. A refusal is remembered, not taken."""
        first = not self.found[name]
        if read.value is not None and read.value not in self.found[name]:
            self.found[name].append(read.value)
        if first and (read.value is not None or read.warnings or read.offer):
            self.doubts += read.warnings or ((read.refused,) if read.refused else ())
            if read.offer:
                self.offers[name] = read.offer
        return read.value is not None or bool(read.warnings)


def hear(text: str, stos: Collection[str] | None, patterns: Patterns) -> Sheet:
    """Everything found in `text`, not yet put together."""
    shown = plain(text[:LONGEST])[:LONGEST]
    sheet = Sheet(shown, capitals(shown), patterns)
    if command := COMMAND.match(sheet.caps):
        sheet.cut(*command.span())
    sheet.note = take_note(sheet)
    take_labelled(sheet, stos)
    take_by_shape(sheet)
    take_type(sheet)
    sheet.unknown_sto = take_sto(sheet, stos) or sheet.unknown_sto
    sheet.leftovers = rest(sheet)
    return sheet


def take_note(sheet: Sheet) -> str | None:
    """Cut out `catatan: …` up to the next labelled line, or the end."""
    mark = NOTE.search(sheet.caps)
    if not mark:
        return None
    end = len(sheet.caps)
    for line in re.finditer(r"\n[ \-*•]*", sheet.caps[mark.end() :]):
        at = mark.end() + line.end()
        if LABEL.match(sheet.caps, at):
            end = mark.end() + line.start()
            break
    said = one_line(sheet.shown[mark.end() : end])
    sheet.cut(mark.start(), end)
    return said or None


def take_labelled(sheet: Sheet, stos: Collection[str] | None) -> None:
    """After a label a value may be looser: bare digits after NO REGISTRASI, an ODP without its ODP."""
    for label in list(LABEL.finditer(sheet.caps)):
        name = label.lastgroup or ""
        strong = ":" in label[0] or "=" in label[0]
        if GONE in label[0]:
            continue
        at = label.end()
        if sheet.caps[at : at + 1] == "\n" and not LABEL.match(sheet.caps, at + 1):
            at += 1  # the value stands under its label
        line = sheet.caps[at : at + 80].split("\n")[0].split(GONE)[0]
        end = 0
        if name == "sc" and (digits := DIGITS.match(line)) and any(c.isdigit() for c in digits[0]):
            end = digits.end() if sheet.take("sc", codes.registration_number(digits[0], sheet.patterns)) else 0
        elif name == "odp" and not ODP.match(line) and (bare := ODP_BARE.match(line)):
            end = bare.end() if sheet.take("odp", codes.odp(bare[0])) else 0
        elif name == "sto" and (three := re.match("[A-Z]{3}" + AFTER, line)):
            known = codes.sto(three[0], stos)
            end = 3 if three[0] not in NOT_STO and sheet.take("sto", known) else 0
            if known.refused and strong and three[0] not in NOT_STO:
                sheet.unknown_sto, end = three[0], 3
        elif name == "sn" and "\n" not in label[0]:
            end = labelled_serial(sheet, line)
        elif name == "tech":
            end = labelled_technician(sheet, line)
        if end or strong or name in {"sc", "sn", "tech", "type"}:
            sheet.cut(label.start(), at + end)


def labelled_serial(sheet: Sheet, line: str) -> int:
    """How much of `line` is the serial: its shortest run of words that reads as one without doubt, else with doubts."""
    words = takewhile(lambda word: word[0] not in sheet.patterns.types, WORD.finditer(line))
    ends = [word.end() for word in words][:6]  # a MAC in pairs is six words
    reads = [(end, codes.serial(line[:end], sheet.patterns)) for end in ends]
    whole = [(end, read) for end, read in reads if not any(d.code == "sn.unusual_length" for d in read.warnings)]
    for end, read in (*whole, *reads):
        if read.value or read.warnings:
            sheet.take("sn", read)
            return end
    return 0


def labelled_technician(sheet: Sheet, line: str) -> int:
    """How much of `line` is the code, which may be split in up to three words."""
    for end in [word.end() for word in WORD.finditer(line)][:3]:
        if sheet.take("tech", codes.technician_code(line[:end], sheet.patterns)):
            return end
    return 0


def take_by_shape(sheet: Sheet) -> None:
    """ODP first, for its slash; then the number, the serial, the technician."""
    p = sheet.patterns
    for found in ODP.finditer(sheet.caps):
        sheet.take("odp", codes.odp(found[0]))
        sheet.cut(*found.span())
    for found in SC.finditer(sheet.caps):
        if sheet.take("sc", codes.registration_number(found[0], p)):
            sheet.cut(*found.span())
    take_serial(sheet)
    for found in re.finditer(f"{BEFORE}(?:{p.registration}){AFTER}", sheet.caps):
        sheet.take("sc", codes.registration_number(found[0], p))
        sheet.cut(*found.span())
    for found in re.finditer(f"{BEFORE}(?:{p.technician}){AFTER}", sheet.caps):
        sheet.take("tech", codes.technician_code(found[0], p))
        sheet.cut(*found.span())
    if sheet.found["sc"]:
        return
    if slip := SC_WORD.search(sheet.caps):
        read = codes.registration_number(slip[0], p)
        sheet.doubts += [read.refused] if read.refused else []
        sheet.offers |= {"sc": read.offer} if read.offer else {}
        sheet.cut(*slip.span())
    elif bare := re.search(f"{BEFORE}[0-9]{{{p.usual_digits}}}{AFTER}", sheet.caps):
        sheet.offers["sc"] = f"SC{bare[0]}"  # likely, but a wrong key is worse than a question
        sheet.cut(*bare.span())


def take_serial(sheet: Sheet) -> None:
    """A known vendor may be followed by spaces; an unknown one has twelve characters, a digit in the last eight."""
    spaced, known = serial_shapes(sheet.patterns.vendors)
    for shape in (spaced, HEX_WORD, TWELVE, known):
        for found in shape.finditer(sheet.caps):
            word = compact(found[0])
            if shape is TWELVE and not any(c.isdigit() for c in word[4:]):
                continue
            if shape is spaced and not set(WORD.findall(found[0])).isdisjoint(sheet.patterns.types):
                continue  # a short serial and the order type after it
            if shape is HEX_WORD and (word.isdigit() or word.isalpha()):
                continue  # twelve digits are an internet number
            read = codes.serial(word, sheet.patterns)
            if shape is TWELVE and any(d.code == "sn.not_hex" for d in read.warnings):
                continue
            if read.value is None and (sheet.found["sn"] or (read.refused and not read.offer)):
                continue
            sheet.take("sn", read)
            sheet.cut(*found.span())
    for found in MAC.finditer(sheet.caps):
        if not sheet.found["sn"]:
            sheet.take("sn", codes.serial(found[0], sheet.patterns))
        sheet.cut(*found.span())
    if sheet.found["sn"]:
        sheet.doubts = [d for d in sheet.doubts if d.code != "sn.is_mac"]


@lru_cache(maxsize=8)
def serial_shapes(vendors: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    any_vendor = f"{BEFORE}(?:{'|'.join(sorted(vendors))})"
    spaced = re.compile(any_vendor + r"(?:[ \-.]{0,2}[0-9A-FOIS]){8}" + AFTER)
    return spaced, re.compile(any_vendor + r"(?=[A-Z]*[0-9])[0-9A-Z]{4,12}" + AFTER)


def take_type(sheet: Sheet) -> None:
    """A code decides; people's words count only where there is none."""
    coded = re.compile(BEFORE + "(?:" + "|".join(map(re.escape, sheet.patterns.types)) + ")" + AFTER)
    for shape in (coded, PHRASES):
        for found in shape.finditer(sheet.caps):
            if sheet.take("type", codes.order_type(found[0], sheet.patterns)):
                sheet.cut(*found.span())
        if sheet.found["type"]:
            return


def take_sto(sheet: Sheet, stos: Collection[str] | None) -> str | None:
    """Known exchanges; gives back a three-letter word that looks like an unknown one when there is no other."""
    words = [w for w in STO_WORD.finditer(sheet.caps) if w[0] not in NOT_STO or (stos and w[0] in stos)]
    known = [w for w in words if stos is None or w[0] in stos]
    for word in known if stos is not None else known[:1]:
        if not sheet.found["sto"] or word[0] in sheet.found["sto"] or stos is not None:
            sheet.take("sto", Read(word[0]))
            sheet.cut(*word.span())
    others = sum(bool(given) for given in sheet.found.values())
    # in a loose sentence a three-letter word is a word; beside three fields it is meant as an exchange
    return words[0][0] if words and not sheet.found["sto"] and others >= 3 else None


def rest(sheet: Sheet) -> tuple[str, ...]:
    """The words no field took, in the people's own case, without labels and bare signs."""
    words = []
    for word in re.finditer(r"[^\s\x00#|]+", sheet.caps):
        said = sheet.shown[word.start() : word.end()].strip(SIGNS)
        if said and word[0].strip(SIGNS + ".") not in FILLER and not IDLE.fullmatch(said):
            words.append(said)
    return tuple(words)
