"""Tables of imports: each uploaded file is a batch that is read, looked at, applied as a whole and undone later.

A file's rows lie in `staging.rows_<batch>` from the reading to the end of the batch; those tables are no models.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Kind(StrEnum):
    """What a file is a list of."""

    ARREARS = "arrears"
    ORDERS = "orders"


class BatchState(StrEnum):
    """Where a file stands on its way."""

    READING = "reading"  # waits for the worker, or is being read
    MAPPING = "mapping"  # a person must say which column is what
    READY = "ready"  # the difference can be looked at
    REFUSED = "refused"  # the file as a whole cannot be used; `trouble` says why
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ALIVE = (BatchState.READING, BatchState.MAPPING, BatchState.READY, BatchState.APPLYING)


class ImportBatch(Table):
    """One uploaded file. `version` grows with every change of state, so that a stale page cannot apply it."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index("ix_import_batch_sha256", "sha256", "kind"),
        Index("ix_import_batch_at", "uploaded_at", "id"),
        Index("ix_import_batch_expires", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[Kind]
    state: Mapped[BatchState] = mapped_column(default=BatchState.READING)
    name: Mapped[str] = mapped_column(String(200))  # as the person's file was called, cleaned
    size: Mapped[int]  # bytes
    sha256: Mapped[str] = mapped_column(String(64))
    stored: Mapped[str | None] = mapped_column(Text)  # its name in storage; None once it was thrown away
    source: Mapped[str] = mapped_column(String(8))  # web, api
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stos: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # the uploader's area; None: everywhere
    same_as: Mapped[int | None]  # an earlier batch of the very same bytes that was applied

    layout: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    header: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    samples: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))  # first rows, as text
    mapping: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))  # a field a column
    sheet: Mapped[str | None] = mapped_column(Text)  # the one a person chose
    mark_missing: Mapped[bool] = mapped_column(default=True, server_default=text("true"))

    progress: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # per cent of what is being done
    phase: Mapped[str] = mapped_column(String(16), default="", server_default="")
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    examples: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    problems: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))  # code: rows
    base: Mapped[int] = mapped_column(default=0, server_default="0")  # the turn (see ImportTurn) the difference is of
    trouble: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))

    expires_at: Mapped[datetime | None]  # a preview ends then; afterwards: when its file and rows are thrown away
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None]


class ImportTurn(Table):
    """One row a kind: how many imports were applied or undone so far. A preview knows which turn it was made in."""

    __tablename__ = "import_turn"

    kind: Mapped[Kind] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)


class ImportRefusal(Table):
    """A row that was not taken: its cells as the file had them, and everything that is wrong with it."""

    __tablename__ = "import_refusal"

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[list[Any]]
    problems: Mapped[list[Any]]  # [{"field", "column", "code", "given", "params"}]


class ImportChange(Table):
    """What an applied batch did to one account that was there before; `before` is what an undo restores."""

    __tablename__ = "import_change"
    __table_args__ = (Index("ix_import_change_account", "account_id", "batch_id"),)

    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))  # changed, missing
    version: Mapped[int]  # the account's, after this change
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class ImportOrder(Table):
    """An order that a batch brought."""

    __tablename__ = "import_order"

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)


class ImportMapping(Table):
    """What a person once said about a header: the same header is read the same way next time."""

    __tablename__ = "import_mapping"

    kind: Mapped[Kind] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    mapping: Mapped[list[Any]]
    said_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    said_at: Mapped[datetime] = mapped_column(server_default=func.now())
