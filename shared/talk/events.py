"""Questions about an order and their answers, as the other services hear them. Fields are only ever added."""

from typing import ClassVar

from shared.events import Event


class OrderAsked(Event):
    """The office wants to know something of the technician. The order stays as it is, so it has no seq."""

    name: ClassVar[str] = "order.asked"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    question_id: int
    words: str


class OrderAnswered(Event):
    """Somebody answered what the office had asked; whoever asked is told."""

    name: ClassVar[str] = "order.answered"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    question_id: int
    words: str
