"""What can happen to an import, as services hear it: the worker does its steps, and one summary tells of a whole file.

Fields are only ever added. However many rows a file has, each step is one event.
"""

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
    """A file was applied, all of it: the one summary. The ingest worker makes the new accounts searchable."""

    name: ClassVar[str] = "import.applied"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

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
    heard_by: ClassVar[tuple[str, ...]] = ()

    batch_id: int
    restored: int
    kept: int


class ImportSpent(Event):
    """A file and its rows are no longer needed: they hold personal data and are thrown away."""

    name: ClassVar[str] = "import.spent"
    heard_by: ClassVar[tuple[str, ...]] = ("ingest",)

    batch_id: int
