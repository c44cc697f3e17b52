"""Where things are: Witel > Site Operation > STO. Rows are deactivated, never deleted while used."""

from datetime import date, time

from sqlalchemy import ForeignKey, String, UniqueConstraint
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
    active: Mapped[bool] = mapped_column(default=True)


class Sto(Table):
    """An exchange; its code is three letters (`SDA`)."""

    __tablename__ = "sto"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"), index=True)
    code: Mapped[str] = mapped_column(String(3), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)


class Holiday(Table):
    """A day on which a unit's SLA clock stands still."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("site_operation_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_operation_id: Mapped[int] = mapped_column(ForeignKey("site_operation.id"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(80))
