"""What the buttons of the office and of corrections carry: ids and short marks, never data of people. No rule."""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from services.bot.answers import OrderId

Small = Annotated[int, Field(ge=0, lt=2**31)]


class Manage(CallbackData, prefix="atur"):
    """Open an order's menu in place of its buttons."""

    order_id: OrderId
    ref: str


class Do(CallbackData, prefix="buat"):
    """One choice of an order's menu. version: as the menu showed it; by: the person who opened it."""

    order_id: OrderId
    version: Small
    by: Small
    act: str
    value: str = ""


class Correct(CallbackData, prefix="ubah"):
    """Choose which field of one's own order to mend."""

    order_id: OrderId
    ref: str


class Mend(CallbackData, prefix="betul"):
    """A field to mend, and its new value where it was chosen: `+` the offer, `=` as typed, nothing: ask for it."""

    order_id: OrderId
    version: Small
    field: str
    value: str = ""


class Admit(CallbackData, prefix="izin"):
    """Let a technician in (`y`) or not (`n`)."""

    person_id: Small
    answer: str
    ref: str


class Door(CallbackData, prefix="pintu"):
    """Let somebody into a group (`y`) or not (`n`)."""

    request_id: OrderId
    answer: str
    ref: str


class Shift(CallbackData, prefix="serah"):
    """Accept (`y`) or decline (`n`) what was handed over."""

    handover_id: OrderId
    answer: str
    ref: str


class Next(CallbackData, prefix="gilir"):
    """To whom the shift goes (`to`) or which of its orders (`some`, `tick`, `go`, `every`). by: whose shift it is.

    page, ticks: another page of people or orders; x: nobody; end: the rest stays.
    """

    by: Small
    act: str
    value: Small = 0
