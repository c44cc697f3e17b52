"""A list of orders as statements: its parts, what follows an order in it, and the cursor that says where one stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, case, true, tuple_

from shared.errors import Invalid
from shared.orders.models import Order

MOST = bindparam("most", type_=Integer)
"""How many orders a statement may give, said when it is asked."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as a statement: sorted by `key` and id, `falling` or rising, the orders of each part before the next."""

    wanted: Any
    key: Any
    falling: bool
    parts: Sequence[ColumnElement[bool]] = (true(),)
    begins: Sequence[Any] = ()  # each part from its first order on, as many as the parameter `most`

    def part(self, number: int) -> Any:
        """One part, sorted."""
        wanted = self.wanted.where(self.parts[number])
        if self.falling:
            return wanted.order_by(self.key.desc(), Order.id.desc())
        return wanted.order_by(self.key, Order.id)

    def after(self, number: int, last: object, order_id: int) -> Any:
        """What follows an order in its part; where the part has no key, its orders stand by id alone."""
        here, there = (Order.id, order_id) if last is None else (tuple_(self.key, Order.id), (last, order_id))
        return self.part(number).where(here < there if self.falling else here > there)

    def whole(self) -> Any:
        """All parts in one statement."""
        wanted = self.wanted
        if len(self.parts) > 1:
            wanted = wanted.order_by(case(*[(each, place) for place, each in enumerate(self.parts)]))
        return wanted.order_by(*(each.desc() if self.falling else each for each in (self.key, Order.id)))


def cursor_of(part: int, value: object, order_id: int) -> str:
    """`part.key.id`; a moment is told in microseconds, a part without a key tells none."""
    told = str((value - _EPOCH) // timedelta(microseconds=1)) if isinstance(value, datetime) else value or ""
    return f"{part}.{told}.{order_id}"


def read_cursor(cursor: str, listed: Listed) -> tuple[int, object, int]:
    """(part, key, id) of the last order that was shown. Raises Invalid(cursor=…) when it is none of ours."""
    found = re.fullmatch(r"([0-9])\.([0-9A-Za-z /_-]{0,32})\.([0-9]{1,18})", cursor, re.ASCII)
    number = int(found[1]) if found else 0
    if not found or number >= len(listed.parts):
        raise Invalid(cursor="not_ours")
    moment = listed.key.type.python_type is datetime
    if moment and not re.fullmatch(r"[0-9]{1,17}", found[2]):
        raise Invalid(cursor="not_ours")
    last: object = _EPOCH + timedelta(microseconds=int(found[2])) if moment else found[2] or None
    return number, last, int(found[3])
