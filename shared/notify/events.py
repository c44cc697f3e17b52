"""What the clock says, as the other services hear it. Fields are only ever added."""

from datetime import datetime
from typing import ClassVar

from shared.events import Event


class ClockAlerted(Event):
    """Nothing happened to `subject` (an order, a question, an import: by `kind`) since `fact_at`; said once a step."""

    name: ClassVar[str] = "clock.alerted"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    kind: str
    step: int
    subject: int
    fact_at: datetime
    order_id: int | None = None
    site_operation_id: int | None = None
    sto_id: int | None = None


class HouseAlerted(Event):
    """A part of the house is unwell, or (healed) well again; kind and step are those of the rules.

    since: when it began, where that is worth telling; then count is its seconds.
    """

    name: ClassVar[str] = "house.alerted"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    part: str
    code: str = ""
    count: int = 0
    healed: bool = False
    since: datetime | None = None
    kind: str = "house"
    step: int = 1
