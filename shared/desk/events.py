"""Handovers as the other services hear them. Fields are only ever added."""

from typing import ClassVar

from shared.events import Event


class HandoverGiven(Event):
    """Somebody offers its open orders to a colleague at the end of a shift."""

    name: ClassVar[str] = "handover.given"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    handover_id: int


class HandoverAnswered(Event):
    """A handover was accepted, declined or taken back; how it stands is read where it is told."""

    name: ClassVar[str] = "handover.answered"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    handover_id: int
