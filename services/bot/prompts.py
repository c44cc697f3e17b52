"""The questions of a guided registration, with their buttons. It asks; what an answer means is decided elsewhere."""

from collections.abc import Collection, Sequence
from html import escape

from services.bot.answers import Answer, Button, Fill
from services.bot.asking import Asker
from services.bot.dialogue import Filling
from services.bot.texts import EXAMPLE, plain, say
from shared import words
from shared.deliveries.operations import reference
from shared.identifiers import Doubt

MOST = 12  # exchanges on buttons; more are typed


def question(
    asker: Asker,
    filling: Filling,
    *,
    types: Sequence[str],
    stos: Sequence[str],
    needed: Collection[str],
    wrong: Doubt | None = None,
    first: bool = False,
    rewrites: int | None = None,
) -> Answer:
    """Ask for `filling.asking`.

    needed: fields that cannot be skipped. wrong: why the last answer was not taken.
    rewrites: the id of a used-up question that becomes this one.
    """
    language, name = asker.language, filling.asking
    offer = filling.form.offers.get(name)
    rows = _choices(asker, filling, types, stos, needed)
    lines = []
    if first:
        lines.append(say("guide", language, example=EXAMPLE))
    elif told := _told(filling):
        lines.append(say("got", language, fields=told))
    if wrong is not None:
        lines.append(escape(words.doubt(wrong, language)))
    elif name in {"sc", "sto"}:  # what was written there and why it could not be taken
        lines += [escape(words.doubt(doubt, language)) for doubt in filling.form.warnings if doubt.field == name][:1]
    if name == "sn" and offer and filling.form.serial:
        ask = say("ask_sn_offer", language, serial=filling.form.serial, offer=offer)
    elif name == "sc" and offer:
        ask = say("ask_sc_offer", language, offer=offer)
    else:
        ask = say(f"ask_{name}", language)
    typed = name != "type" and not (offer and name == "sn" and filling.form.serial)
    if typed and rows and asker.place.is_group:
        ask = f"{ask} {say('by_reply', language)}"
    lines.append(f"<b>{ask}</b>" if "<" not in ask else ask)
    placeholder = "" if rows else plain("placeholder", language)
    return Answer("\n\n".join(lines), rows=rows, placeholder=placeholder, rewrites=rewrites if rows else None)


def _told(filling: Filling) -> str:
    form = filling.form
    known = (form.type, form.registration_no, form.serial, form.sto, form.odp, form.technician_code)
    return " · ".join(value for value in known if value)


def _choices(
    asker: Asker, filling: Filling, types: Sequence[str], stos: Sequence[str], needed: Collection[str]
) -> list[list[Button]]:
    """The buttons of a question; none where the answer can only be typed."""
    name, language, form = filling.asking, asker.language, filling.form
    offer = form.offers.get(name)

    def button(label: str, value: str) -> Button:
        return Button(label, Fill(to=filling.message_id, field=name, value=value, ref=reference()))

    rows: list[list[Button]] = []
    if name == "type":
        rows = _in_rows([button(code, code) for code in types], 2)
    elif name == "sto" and 0 < len(stos) <= MOST:
        rows = _in_rows([button(code, code) for code in stos], 3)
    elif name == "sn" and offer:
        rows = [[button(plain("b_use", language, value=offer), "+")]]
        if form.serial:
            rows.append([button(plain("b_keep", language, value=form.serial), "=")])
    elif name == "sc" and offer:
        rows = [[button(plain("b_use", language, value=offer), "+")]]
    elif name in {"sc", "sto"}:
        return []
    last = [button(plain("b_cancel", language), "x")]
    if name not in needed and not (name == "sn" and form.serial):
        last.insert(0, button(plain("b_skip", language), "-"))
    return [*rows, last]


def _in_rows(buttons: list[Button], width: int) -> list[list[Button]]:
    return [buttons[at : at + width] for at in range(0, len(buttons), width)]
