"""Activation orders and their master data: types, statuses, allowed moves and reasons."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Computed, ForeignKey, Identity, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Category(StrEnum):
    """What a status means. Units may rename statuses, so logic asks for the category, never the code."""

    RECEIVED = "received"
    WORKING = "working"
    OBSTACLE = "obstacle"
    DONE = "done"
    CANCELLED = "cancelled"


ASKED = ("sn", "odp", "tech")
"""The fields that an order type may require: serial, ODP label, technician code. Number, type and STO always are."""

OPEN = (Category.RECEIVED, Category.WORKING, Category.OBSTACLE)
_OPEN_SQL = "category IN ('received', 'working', 'obstacle') AND deleted_at IS NULL"


class OrderType(Table):
    """AO, MO, PDA, CONFIG, … `keeps_number`: its registration number stays taken after it is finished."""

    __tablename__ = "order_type"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    label_id: Mapped[str] = mapped_column(String(60))
    label_en: Mapped[str] = mapped_column(String(60))
    key_pattern: Mapped[str] = mapped_column(String(80), default=r"^SC\d{6,12}$")
    keeps_number: Mapped[bool] = mapped_column(default=True)
    target_minutes: Mapped[int]
    required: Mapped[list[str]] = mapped_column(ARRAY(String(8)), default=list, server_default=text("'{}'"))  # of ASKED
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class OrderStatus(Table):
    """One status as a unit calls it; `look` names its shape and colour in the design."""

    __tablename__ = "order_status"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    label_id: Mapped[str] = mapped_column(String(60))
    label_en: Mapped[str] = mapped_column(String(60))
    category: Mapped[Category]
    look: Mapped[str] = mapped_column(String(16))
    reason_required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class StatusMove(Table):
    """An allowed arrow between two statuses, and who may take it."""

    __tablename__ = "status_move"

    old: Mapped[str] = mapped_column(ForeignKey("order_status.code"), primary_key=True)
    new: Mapped[str] = mapped_column(ForeignKey("order_status.code"), primary_key=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    note_required: Mapped[bool] = mapped_column(default=False)


class Reason(Table):
    """Why an order is in a status, whose time that is, and whether the SLA clock stands."""

    __tablename__ = "reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    status_code: Mapped[str] = mapped_column(ForeignKey("order_status.code"))
    label_id: Mapped[str] = mapped_column(String(80))
    label_en: Mapped[str] = mapped_column(String(80))
    whose: Mapped[str | None] = mapped_column(String(16))  # helpdesk, technician, customer, system
    clock: Mapped[str] = mapped_column(String(8))  # runs, stops, apart, ends
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class Order(Table):
    """One activation order as it stands now; how it got there is its events."""

    __tablename__ = "orders"
    __table_args__ = (
        # Two rules decide duplicates, and the database keeps them: one open order a number, and one living order a
        # number for the types that keep it after they are finished.
        Index("uq_orders_open_number", "registration_no", unique=True, postgresql_where=text(_OPEN_SQL)),
        Index(
            "uq_orders_kept_number",
            "registration_no",
            unique=True,
            postgresql_where=text("keeps_number AND category <> 'cancelled' AND deleted_at IS NULL"),
        ),
        Index(
            "uq_orders_message",
            "chat_id",
            "message_id",
            unique=True,
            postgresql_where=text("message_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_orders_number", "registration_no"),
        Index("ix_orders_open", "sort_at", "id", postgresql_where=text(_OPEN_SQL)),
        # Figures of an area are counted in this one alone.
        Index(
            "ix_orders_open_sto",
            *("sto_id", "sort_at", "id"),
            postgresql_include=["category", "deleted_at", "holder_id", "type_code", "status_code"],
            postgresql_where=text(_OPEN_SQL),
        ),
        Index("ix_orders_open_serial", "serial", postgresql_where=text(_OPEN_SQL)),
        Index(
            "ix_orders_untaken",
            "sto_id",
            "registered_at",
            postgresql_where=text("category = 'received' AND deleted_at IS NULL"),
        ),
        Index("ix_orders_registered", "registered_at", "id"),
        # Reports count in these two alone, without a look at the table.
        Index(
            "ix_orders_received_recap",
            "registered_at",
            postgresql_include=["sto_id", "type_code", "technician_code"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_orders_closed_recap",
            "closed_at",
            postgresql_include=[
                *("registered_at", "status_at", "sto_id", "type_code", "technician_code"),
                *("category", "used_seconds", "target_seconds"),
            ],
            postgresql_where=text("closed_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_orders_sto_registered", "sto_id", "registered_at", "id"),
        Index("ix_orders_code_registered", "technician_code", "registered_at"),
        Index("ix_orders_technician_registered", "technician_id", "registered_at"),
        Index("ix_orders_holder_open", "holder_id", "sort_at", postgresql_where=text(_OPEN_SQL)),
        Index("ix_orders_odp", "odp", "status_at", postgresql_where=text("odp IS NOT NULL")),
        Index("ix_orders_alert", "alert_at", postgresql_where=text("alert_at IS NOT NULL")),
        # Behind each sort of the queue; the id beside it makes every place in a list one of its own.
        Index("ix_orders_sto_code", "sto_code", "id"),
        Index("ix_orders_technician_code", "technician_code", "id"),
        Index("ix_orders_status_at", "status_at", "id"),
        Index("ix_orders_open_status_at", "status_at", "id", postgresql_where=text(_OPEN_SQL)),
        Index("ix_orders_open_registered", "registered_at", "id", postgresql_where=text(_OPEN_SQL)),
        Index("ix_orders_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    registration_no: Mapped[str] = mapped_column(String(16))
    type_code: Mapped[str] = mapped_column(ForeignKey("order_type.code"))
    keeps_number: Mapped[bool]
    status_code: Mapped[str] = mapped_column(ForeignKey("order_status.code"))
    category: Mapped[Category]
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("reason.id"))
    feedback: Mapped[str] = mapped_column(Text, default="")  # what the office said last
    serial: Mapped[str | None] = mapped_column(String(32))
    sto_id: Mapped[int] = mapped_column(ForeignKey("sto.id"))
    sto_code: Mapped[str | None] = mapped_column(String(16))  # kept by triggers on orders and sto, for sorting alone
    odp: Mapped[str | None] = mapped_column(String(32))
    technician_code: Mapped[str | None] = mapped_column(String(16))
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(Text, default="")  # what the registrant wrote beside the fields
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(String(8))  # bot, web, api, import, system
    chat_id: Mapped[int | None]
    thread_id: Mapped[int | None]
    message_id: Mapped[int | None]

    registered_at: Mapped[datetime]
    status_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    target_seconds: Mapped[int]
    used_seconds: Mapped[int] = mapped_column(default=0)  # of SLA time, until the clock last started or stopped
    running_since: Mapped[datetime | None]  # None: the clock stands
    due_at: Mapped[datetime | None]  # None: the clock stands
    near_at: Mapped[datetime | None]  # when 80 % of the target are spent; None: the clock stands
    alert_at: Mapped[datetime | None]  # when somebody is to be told next; None: no more
    sort_at: Mapped[datetime]  # due_at while the clock runs, PAUSED_SORT while paused, closed_at once closed

    search: Mapped[str] = mapped_column(
        Text,
        Computed(
            "registration_no || ' ' || coalesce(serial, '') || ' ' || coalesce(odp, '') || ' ' || "
            "coalesce(technician_code, '') || ' ' || upper(note)",
            persisted=True,
        ),
    )


class RequestKey(Table):
    """An answer already given: the same key from the same person gets it again, and nothing happens twice."""

    __tablename__ = "request_key"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
