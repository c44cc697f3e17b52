"""Settings of the SLA a unit has for itself, and which orders somebody was told of already."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Level(StrEnum):
    """What is told of an order's clock: `near` at 80 % of its target, `late` once the target was passed."""

    NEAR = "near"
    LATE = "late"


class SlaTarget(Table):
    """From `since` on, new orders of a type have this target in this unit. Rows are added, never changed.

    Exactly one of site_operation_id and sto_id is set; the nearest unit wins. minutes None: no target of its own any
    more, the wider one holds.
    """

    __tablename__ = "sla_target"
    __table_args__ = (
        CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name="one_unit"),
        Index(
            "uq_sla_target_unit",
            "type_code",
            "site_operation_id",
            "sto_id",
            "since",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type_code: Mapped[str] = mapped_column(String(16), ForeignKey("order_type.code"))
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))
    sto_id: Mapped[int | None] = mapped_column(ForeignKey("sto.id"))
    minutes: Mapped[int | None]
    since: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class SlaRecipient(Table):
    """Who is told, of the orders of a Site Operation, at which level."""

    __tablename__ = "sla_recipient"

    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    level: Mapped[Level] = mapped_column(primary_key=True)


class SlaAlert(Table):
    """That an order was told of at a level; its key is why nobody is told twice, also after a restart."""

    __tablename__ = "sla_alert"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[Level] = mapped_column(primary_key=True)
    at: Mapped[datetime]
