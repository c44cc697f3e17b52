"""Reports that are sent by themselves, to a person or a group: when, of what, and what became of each time."""

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, String, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table

KINDS = ("yesterday", "today", "month", "morning", "pareto")
"""The daily report of the day before, that of the day itself, the recap of the month before, the queue as it stands,
the obstacles of the seven days before."""


class ReportSchedule(Table):
    """One wish, of a person for itself or for a group that serves a unit.

    at: the time of day in `zone`; day: of the month for kind `month`, of the week (1 is Monday) for `pareto`. next_at:
    when it is due next. preset: the default of the house that it was laid as.
    """

    __tablename__ = "report_schedule"
    __table_args__ = (
        CheckConstraint("kind IN ('yesterday', 'today', 'month', 'morning', 'pareto')", name="kind"),
        CheckConstraint("day BETWEEN 1 AND 28", name="day"),
        CheckConstraint("num_nonnulls(person_id, binding_id) = 1", name="reader"),
        Index("ix_report_schedule_due", "next_at", postgresql_where=text("active AND ended_at IS NULL")),
        Index("ix_report_schedule_person", "person_id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_report_schedule_binding",
            "binding_id",
            postgresql_where=text("ended_at IS NULL AND binding_id IS NOT NULL"),
        ),
        Index(
            "uq_report_schedule_preset",
            *("preset", "person_id", "binding_id"),
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("preset IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    binding_id: Mapped[int | None] = mapped_column(ForeignKey("group_binding.id"))  # the group and topic, and its unit
    preset: Mapped[str | None] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    day: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    at: Mapped[time]
    zone: Mapped[str] = mapped_column(String(40))
    sto: Mapped[str] = mapped_column(String(8), server_default="", default="")
    type: Mapped[str] = mapped_column(String(16), server_default="", default="")
    active: Mapped[bool] = mapped_column(server_default=true(), default=True)
    next_at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]


class ReportRun(Table):
    """One time that a schedule was due; its key lets only one ticker have it.

    state: `due` (told to the notifier), `sent` (queued for Telegram), `skipped`. why: a key of the words for it.
    missed: how many times this row stands for, when several were passed over at once.
    """

    __tablename__ = "report_run"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedule.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(24), server_default="", default="")
    missed: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
