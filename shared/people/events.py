"""What happens to people, as the other services hear it. Fields are only ever added."""

from typing import ClassVar

from shared.events import Event


class TechnicianApplied(Event):
    """A technician asked in Telegram to be let in; who may approve it wants to know."""

    name: ClassVar[str] = "technician.applied"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    person_id: int


class TechnicianSettled(Event):
    """Somebody approved a technician or turned it away; the technician is told."""

    name: ClassVar[str] = "technician.settled"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    person_id: int
    approved: bool
