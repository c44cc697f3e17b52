"""What can happen to an import and in the field, as services hear it: one summary for a whole file, one for a day.

Fields are only ever added. However many rows a file has, each step is one event.
"""

from datetime import date
from typing import ClassVar

from shared.events import Event


class ImportReceived(Event):
    """A file is in storage, or is to be read anew: with another mapping, or because its rows were lost."""

    name: ClassVar[str] = "import.received"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

    batch_id: int
    version: int


class ImportApproved(Event):
    """A person wants the difference applied."""

    name: ClassVar[str] = "import.approved"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

    batch_id: int
    version: int


class ImportApplied(Event):
    """A file was applied, all of it: the one summary, told to whoever applied it. The worker fills the search."""

    name: ClassVar[str] = "import.applied"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest", "notifier")

    batch_id: int
    kind: str
    added: int
    changed: int
    missing: int
    refused: int


class ImportUndoAsked(Event):
    """A person wants an applied file undone."""

    name: ClassVar[str] = "import.undo_asked"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

    batch_id: int
    version: int


class ImportUndone(Event):
    """A file was undone; `kept` rows stay as they are because somebody worked on them since."""

    name: ClassVar[str] = "import.undone"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    batch_id: int
    restored: int
    kept: int


class ImportSpent(Event):
    """A file and its rows are no longer needed: they hold personal data and are thrown away."""

    name: ClassVar[str] = "import.spent"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

    batch_id: int


class PromisesDue(Event):
    """Promises that somebody works are due on `due`; said once for each, the day before and on the day."""

    name: ClassVar[str] = "promise.due"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    person_id: int
    due: date
    promises: tuple[int, ...]


class FieldDayEnded(Event):
    """A person's day in the field is over and can be summed up; said once. office: for those who send them."""

    name: ClassVar[str] = "field.day_ended"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    person_id: int
    day: date
    office: bool = False


class AccountsSent(Event):
    """The office sends a collector accounts to look at."""

    name: ClassVar[str] = "account.sent"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    person_id: int
    accounts: tuple[int, ...]
    more: int = 0


class CollectionResumed(Event):
    """The order about an account's fault has closed, so it is collected from again."""

    name: ClassVar[str] = "account.resumed"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    account_id: int
    order_id: int
    person_id: int | None = None
