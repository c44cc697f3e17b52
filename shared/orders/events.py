"""What can happen to an order, as the other services hear it. Fields are only ever added."""

from typing import ClassVar

from shared.events import Event


class OrderRegistered(Event):
    """An order came in; the area's helpdesk wants to see it."""

    name: ClassVar[str] = "order.registered"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int


class OrderChanged(Event):
    """Somebody set an order's status, holder, reason or feedback.

    tell: whether the technician is told; the cards in the helpdesk's group follow either way.
    old_*: what an undo restores. act: what was done about the holder, when that was the point (`claims`): released,
    handed, declined, assigned or accepted; `words` are then for colleagues only and `whom` names the other person.
    """

    name: ClassVar[str] = "order.changed"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    old: str
    new: str
    reason_id: int | None = None
    note: str = ""
    tell: bool = True
    old_reason_id: int | None = None
    old_feedback: str = ""
    old_holder_id: int | None = None
    new_holder_id: int | None = None
    reopened: bool = False
    act: str = ""
    words: str = ""
    whom: str = ""


class OrderChangeUndone(Event):
    """A change was taken back before anybody heard of it."""

    name: ClassVar[str] = "order.change_undone"
    heard_by: ClassVar[tuple[str, ...]] = ()

    order_id: int
    undone_event_id: int
    old: str
    new: str


class DuplicateRefused(Event):
    """Somebody registered a number that was taken; the order keeps a note of it. Nothing changed, so it has no seq."""

    name: ClassVar[str] = "order.duplicate_refused"
    heard_by: ClassVar[tuple[str, ...]] = ()

    order_id: int
    by: str
    where: str = ""


class OrderDeleted(Event):
    """An order was thrown into the trash; its technician is told why, its cards say so."""

    name: ClassVar[str] = "order.deleted"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    reason: str = ""


class OrderDeletionUndone(Event):
    """An order came back out of the trash before anybody had heard that it was deleted."""

    name: ClassVar[str] = "order.deletion_undone"
    heard_by: ClassVar[tuple[str, ...]] = ()

    order_id: int
    undone_event_id: int


class OrderRestored(Event):
    """An order came back out of the trash after its deletion was told."""

    name: ClassVar[str] = "order.restored"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int


class OrderPhotoAdded(Event):
    """A photo was sent about an order. The order itself stays as it is, so it has no seq."""

    name: ClassVar[str] = "order.photo_added"
    heard_by: ClassVar[tuple[str, ...]] = ()

    order_id: int
    photo_id: int
    caption: str = ""


class OrderCorrected(Event):
    """Whoever registered an order mended its fields before anybody took it.

    changes: (field, old, new) by the short names of forms; None where there was or is nothing.
    """

    name: ClassVar[str] = "order.corrected"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    order_id: int
    changes: tuple[tuple[str, str | None, str | None], ...] = ()
