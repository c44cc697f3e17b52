"""Reads an order out of what a technician typed, the fields in any order. It knows no stored order and no database."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shared.identifiers import codes
from shared.identifiers.codes import USUAL, Patterns
from shared.identifiers.read import Doubt, Read, one_line
from shared.orders.forms_shapes import hear
from shared.orders.forms_words import FIELDS

LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What was understood. `missing` is in the order a person is asked; `offers` holds likelier spellings by field."""

    type: str | None = None
    registration_no: str | None = None
    serial: str | None = None
    sto: str | None = None
    odp: str | None = None
    technician_code: str | None = None
    note: str | None = None
    warnings: tuple[Doubt, ...] = ()
    offers: Mapping[str, str] = field(default_factory=dict, hash=False)
    missing: tuple[str, ...] = FIELDS
    leftovers: tuple[str, ...] = ()


Values = dict[str, str | None]


def read_order(text: str, *, stos: Collection[str] | None = None, patterns: Patterns = USUAL) -> OrderForm:
    """Read one line, a labelled block or a caption. `stos`: master data's exchanges; None takes any three letters."""
    sheet = hear(text, stos, patterns)
    form = OrderForm(
        note=sheet.note or " ".join(sheet.leftovers) or None, offers=sheet.offers, leftovers=sheet.leftovers
    )
    values = {name: given[0] if given else None for name, given in sheet.found.items()}
    return settled(form, values, (*sheet.doubts, *sheet.several()), stos, sheet.unknown_sto)


def values_of(form: OrderForm) -> Values:
    """The six fields by their short names."""
    return {
        "type": form.type,
        "sc": form.registration_no,
        "sn": form.serial,
        "sto": form.sto,
        "odp": form.odp,
        "tech": form.technician_code,
    }


def settled(
    form: OrderForm,
    values: Values,
    doubts: Collection[Doubt],
    stos: Collection[str] | None,
    unknown_sto: str | None = None,
) -> OrderForm:
    """`form` with these values: the exchange taken from the label, what contradicts, what is missing."""
    known = dict(values)
    doubts = [d for d in doubts if d.code not in {"odp.other_sto", "sto.unknown"}]
    if label := known["odp"]:
        place = codes.odp_sto(label)
        if known["sto"] is None and (stos is None or place in stos):
            known["sto"] = place
        elif known["sto"] is None:
            unknown_sto = unknown_sto or place
        elif known["sto"] != place:
            doubts.append(Doubt("odp", "odp.other_sto", {"odp_sto": place, "sto": known["sto"]}))
    if unknown_sto and unknown_sto != known["sto"]:
        doubts.append(Doubt("sto", "sto.unknown", {"sto": unknown_sto}))
    is_mac = any(d.code == "sn.is_mac" for d in doubts)
    return replace(
        form,
        type=known["type"],
        registration_no=known["sc"],
        serial=known["sn"],
        sto=known["sto"],
        odp=known["odp"],
        technician_code=known["tech"],
        note=(form.note or "")[:LONGEST_NOTE].strip() or None,
        warnings=tuple(doubts),
        missing=tuple(name for name in FIELDS if known[name] is None and not (name == "sn" and is_mac)),
    )


def merge(
    form: OrderForm, name: str, text: str, *, stos: Collection[str] | None = None, patterns: Patterns = USUAL
) -> tuple[OrderForm, Doubt | None]:
    """Fill `name` (of FIELDS, or "note") from an answer; an answer with several fields gives all of them.

    The doubt is given back, with the form unchanged, when the answer does not hold what was asked.
    """
    if name == "note":
        return replace(form, note=one_line(text)[:LONGEST_NOTE] or None), None
    sheet = hear(text, stos, patterns)
    heard: Values = {field: given[0] for field, given in sheet.found.items() if given}
    doubts, offers = [*sheet.doubts, *sheet.several()], sheet.offers
    if name not in heard:
        read = short_answer(name, text, stos, patterns)
        if read.value is not None:
            heard, doubts, offers = {name: read.value}, [*read.warnings], {name: read.offer} if read.offer else {}
        elif len(heard) < 2:
            return form, why_not(name, read, doubts)
    doubts = [d for d in form.warnings if d.field not in heard] + [d for d in doubts if d.field in heard]
    kept = {field: offer for field, offer in form.offers.items() if field not in heard}
    offers = kept | {field: offer for field, offer in offers.items() if field in heard}
    note = form.note or sheet.note
    return settled(replace(form, offers=offers, note=note), values_of(form) | heard, doubts, stos), None


def short_answer(name: str, text: str, stos: Collection[str] | None, patterns: Patterns) -> Read[str]:
    """The whole answer as the one field that was asked: bare digits are a registration number here."""
    match name:
        case "type":
            return codes.order_type(text, patterns)
        case "sc":
            return codes.registration_number(text, patterns)
        case "sn":
            return codes.serial(text, patterns)
        case "sto":
            return codes.sto(text, stos)
        case "odp":
            return codes.odp(text)
        case _:
            return codes.technician_code(text, patterns)


def why_not(name: str, read: Read[str], doubts: Collection[Doubt]) -> Doubt:
    """Why an answer was not taken: what it is instead, or else what was expected."""
    if any(d.code == "sn.is_mac" for d in (*read.warnings, *doubts)) and name == "sn":
        return Doubt("sn", "sn.is_mac")
    if read.refused and read.refused.code == "sto.unknown":
        return read.refused
    return Doubt(name, f"{name}.expected")


def take_offer(form: OrderForm, name: str) -> OrderForm:
    """The person tapped the offer: it becomes the value and its doubt goes. Without an offer nothing changes."""
    if name not in form.offers:
        return form
    values = values_of(form) | {name: form.offers[name]}
    settles = {"sn.letter_in_hex", "sn.not_a_serial", "sc.not_a_number"}
    doubts = [d for d in form.warnings if d.field != name or d.code not in settles]
    offers = {field: offer for field, offer in form.offers.items() if field != name}
    return settled(replace(form, offers=offers), values, doubts, ())


def stored(form: OrderForm) -> dict[str, Any]:
    """A half-filled form as JSON can hold it, between two messages of a dialogue."""
    return asdict(form)


def restored(state: Mapping[str, Any]) -> OrderForm:
    """What `stored` gave, also after a round through JSON."""
    doubts = tuple(Doubt(**doubt) for doubt in state["warnings"])
    lists = {name: tuple(state[name]) for name in ("missing", "leftovers")}
    return OrderForm(**{**state, **lists, "warnings": doubts})
