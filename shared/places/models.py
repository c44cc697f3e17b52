"""Where things are: Witel > Site Operation > STO. Rows are deactivated, never deleted while used."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Witel(Table):
    """A region."""

    __tablename__ = "witel"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(80))


class SiteOperation(Table):
    """The unit that works a queue; its zone and working hours drive the SLA clock."""

    __tablename__ = "site_operation"

    id: Mapped[int] = mapped_column(primary_key=True)
    witel_id: Mapped[int] = mapped_column(ForeignKey("witel.id"))
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Jakarta")
    opens: Mapped[time] = mapped_column(default=time(8))
    closes: Mapped[time] = mapped_column(default=time(17))
    breaks: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))  # of ["12:00", "13:00"]
    active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]  # None: since ever
    valid_to: Mapped[date | None]  # the last day; None: still


class Sto(Table):
    """An exchange; its code is three letters (`SDA`)."""

    __tablename__ = "sto"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"), index=True)
    code: Mapped[str] = mapped_column(String(3), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class StoSite(Table):
    """Which Site Operation an STO belonged to, and when; only STO that were moved have rows.

    valid_from None: since ever; valid_to is the last day, None: until further notice. Rows of an STO leave no gap, so
    a report of last year adds up after a reorganisation. `Sto.site_operation_id` is always today's.
    """

    __tablename__ = "sto_site"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="in_order"),
        Index("uq_sto_site_open", "sto_id", unique=True, postgresql_where=text("valid_to IS NULL")),
        UniqueConstraint("sto_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sto_id: Mapped[int] = mapped_column(ForeignKey("sto.id"))
    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class SiteHours(Table):
    """Working hours that a Site Operation had until a moment; `SiteOperation` has those of now."""

    __tablename__ = "site_hours"

    site_operation_id: Mapped[int] = mapped_column(
        ForeignKey("site_operation.id"), primary_key=True, autoincrement=False
    )
    until: Mapped[datetime] = mapped_column(primary_key=True)
    opens: Mapped[time]
    closes: Mapped[time]
    breaks: Mapped[list[Any]]  # as SiteOperation's


class Holiday(Table):
    """A day on which a unit's SLA clock stands still."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("site_operation_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(80))
