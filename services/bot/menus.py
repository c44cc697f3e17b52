"""The menu of an order, drawn in place of its buttons: only what this person may do with it now. It decides nothing."""

from collections.abc import Sequence

from services.bot.answers import Button, drawn
from services.bot.asking import Asker
from services.bot.pressing import Do
from services.bot.texts import plain
from shared.deliveries.operations import reference
from shared.desk.models import Is
from shared.desk.presence import Colleague
from shared.orders import buttons
from shared.orders.models import OPEN, Order
from shared.orders.queries import OrderFacts
from shared.orders.states import MasterData, reachable
from shared.words import reason_label, status_label

Rows = list[list[Button]]

PAGE = 6  # reasons or colleagues shown at once; a phone's screen


def own(order: Order, language: str, *, reopens: bool = False) -> Rows:
    """The buttons that an order's card carries by itself. reopens: only in what one person sees."""
    return drawn(buttons.card(order.id, order.category, language, reference, reopens=reopens))


def goes_to(asker: Asker, order: Order, data: MasterData) -> list[str]:
    """The other statuses that this role may give an order now."""
    to = reachable(data, asker.viewer.role, order.status_code)
    return [code for code, why in to.items() if not why and code != order.status_code]


def main(asker: Asker, facts: OrderFacts, data: MasterData) -> Rows:
    """Statuses this role may set from here, then words to the technician, then who holds it."""
    order, language = facts.order, asker.language
    codes = goes_to(asker, order, data)
    rows = _in_pairs([_do(asker, order, "s", status_label(data.statuses[code], language), code) for code in codes])
    if order.category in OPEN and (order.chat_id is not None or order.technician_id is not None):
        rows.append([_do(asker, order, act, plain(key, language)) for act, key in (("q", "b_ask"), ("f", "b_word"))])
    rows += _in_pairs([_do(asker, order, act, plain(key, language)) for act, key in _holding(asker, order)])
    return [*rows, [_back(asker, order, "k")]]


def _holding(asker: Asker, order: Order) -> list[tuple[str, str]]:
    """What may be done about who holds an order."""
    viewer = asker.viewer
    if order.category not in OPEN:
        return []
    mine, leads = order.holder_id == viewer.person_id, viewer.may("order.assign")
    acts: list[tuple[str, str]] = []
    if order.holder_id is not None and not mine and viewer.may("order.take"):
        acts.append(("o", "b_over"))
    if order.holder_id is not None and (mine or leads):
        acts.append(("l", "b_release"))
    if mine and viewer.may("order.hand_over"):
        acts.append(("t", "b_give"))
    elif leads:
        acts.append(("t", "b_assign"))
    return acts


def reasons(asker: Asker, order: Order, data: MasterData, code: str, page: int) -> Rows:
    """The reasons of a status, a page of them."""
    language = asker.language
    found = data.reasons_for(code)
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows = [[_do(asker, order, "w", reason_label(reason, language), str(reason.id))] for reason in shown]
    if not data.statuses[code].reason_required and not page:
        rows.insert(0, [_do(asker, order, "n", plain("b_no_reason", language), code)])
    return [*rows, *_pages(asker, order, "r", code, page, len(found)), [_back(asker, order, "m")]]


def people(asker: Asker, order: Order, found: Sequence[Colleague], page: int) -> Rows:
    """Colleagues to whom an order may be given, those at work first, a page of them."""
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows = [[_do(asker, order, "a", named(each, asker.language), str(each.person_id))] for each in shown]
    return [*rows, *_pages(asker, order, "t", "", page, len(found)), [_back(asker, order, "m")]]


def named(colleague: Colleague, language: str) -> str:
    """`Rudi Hartono · hadir`."""
    return f"{colleague.name[:40]} · {plain(f'is_{Is(colleague.state).value}', language)}"


def paged(page: int, many: int) -> tuple[int | None, int | None]:
    """(page before, page after); None where there is none."""
    return page - 1 if page else None, page + 1 if (page + 1) * PAGE < many else None


def _pages(asker: Asker, order: Order, act: str, code: str, page: int, many: int) -> Rows:
    less, more = paged(page, many)
    row = [
        _do(asker, order, act, plain(key, asker.language), f"{code}.{to}")
        for key, to in (("b_less", less), ("b_more", more))
        if to is not None
    ]
    return [row] if row else []


def _back(asker: Asker, order: Order, act: str) -> Button:
    return _do(asker, order, act, plain("b_back", asker.language))


def _do(asker: Asker, order: Order, act: str, label: str, value: str = "") -> Button:
    data = Do(order_id=order.id, version=order.version, by=asker.viewer.person_id, act=act, value=value)
    return Button(label, data)


def _in_pairs(found: Sequence[Button]) -> Rows:
    return [list(found[at : at + 2]) for at in range(0, len(found), 2)]
