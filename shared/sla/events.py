"""What the house itself says of an order's clock, as the other services hear it. Fields are only ever added."""

from typing import ClassVar

from shared.events import Event


class SlaAlerted(Event):
    """An order has spent 80 % of its target (level near) or passed it (late); said once a level."""

    name: ClassVar[str] = "order.sla_alert"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    level: str
