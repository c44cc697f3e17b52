"""Accounts in arrears, and what people did about them: visits and promises. How they got here is in `batches`.

A million accounts come in one statement, so an account refers to places, people and imports by number without a
foreign key: none of those is ever deleted, and a check a row would double the time of an import.
"""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table

_OPEN = "state = 'open'"


class AccountState(StrEnum):
    """How an account stands. Presumed paid: it was missing from a newer list; paid: the list or a person said so."""

    OPEN = "open"
    PRESUMED_PAID = "presumed_paid"
    PAID = "paid"


class Result(StrEnum):
    """What came of a visit."""

    PROMISE = "promise"
    PAID = "paid"
    NOBODY_HOME = "nobody_home"
    REFUSED = "refused"
    MOVED = "moved"
    WANTS_OUT = "wants_out"
    FAULT = "fault"


class PromiseState(StrEnum):
    """Kept or broken is what the next upload says; replaced when the customer promised anew."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"


class Account(Table):
    """One internet number in the billing list, as it stands now.

    Every change adds one to `version`, a person's and an import's alike: an undo restores only what nobody touched.
    Text that the list gave is kept as given (cleaned); phones are read with `identifiers.phones` when they are shown.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("ix_account_open_amount", "amount", "id", postgresql_where=text(_OPEN)),
        Index("ix_account_open_sto", "sto_id", "months", postgresql_include=["amount"], postgresql_where=text(_OPEN)),
        Index("ix_account_collector", "collector_id", postgresql_where=text("collector_id IS NOT NULL")),
        Index("ix_account_promised", "promise_due", "id", postgresql_where=text("promise_due IS NOT NULL")),
        Index("ix_account_closed_amount", "state", "amount", "id", postgresql_where=text("state <> 'open'")),
        Index("ix_account_paused", "amount", "id", postgresql_where=text("paused")),
        # A collector's list of the day, in the order of work, without a look at the rest.
        Index(
            "ix_account_work",
            "collector_id",
            text("(coalesce(months::integer, 1) * amount)"),
            "id",
            postgresql_where=text("state = 'open' AND collector_id IS NOT NULL AND NOT paused"),
        ),
        Index(
            "ix_account_promise_work",
            "collector_id",
            "promise_due",
            "id",
            postgresql_where=text("promise_due IS NOT NULL AND collector_id IS NOT NULL"),
        ),
        Index("ix_account_result", "last_result", "amount", "id", postgresql_where=text("last_result IS NOT NULL")),
        Index("ix_account_fault", "fault_order_id", postgresql_where=text("fault_order_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    internet_no: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, default="", server_default="")
    phone: Mapped[str] = mapped_column(Text, default="", server_default="")
    sto_id: Mapped[int]
    datel: Mapped[str] = mapped_column(Text, default="", server_default="")
    product: Mapped[str] = mapped_column(Text, default="", server_default="")
    amount: Mapped[int]  # rupiah
    months: Mapped[int | None] = mapped_column(SmallInteger)  # overdue
    customer_age: Mapped[int | None] = mapped_column(SmallInteger)  # months
    segment: Mapped[str] = mapped_column(Text, default="", server_default="")
    collector_name: Mapped[str] = mapped_column(Text, default="", server_default="")  # as the list has it
    payment_status: Mapped[str] = mapped_column(Text, default="", server_default="")
    paid_on: Mapped[date | None]
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    state: Mapped[AccountState] = mapped_column(default=AccountState.OPEN, server_default="open")
    collector_id: Mapped[int | None]  # who works it
    paused: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # a fault stops collection
    fault_order_id: Mapped[int | None]  # the order that looks into it; when it closes, collection goes on
    last_visit_at: Mapped[datetime | None]
    last_result: Mapped[str | None] = mapped_column(String(16))
    promise_due: Mapped[date | None]  # of the open promise
    promise_amount: Mapped[int | None]

    first_batch: Mapped[int | None]  # the import that brought it
    last_batch: Mapped[int | None]  # the import that changed it last
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AccountSearch(Table):
    """What an account is found by. Its index is dear, so after a large import it is filled in its own transaction."""

    __tablename__ = "account_search"
    __table_args__ = (
        Index("ix_account_search_words", "words", postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"}),
    )

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)  # number, name, address in capitals


class AccountTally(Table):
    """What the open accounts of an STO come to, by months overdue; see `tally`."""

    __tablename__ = "account_tally"

    sto_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)  # 0 not said, 1-3, 4 more
    accounts: Mapped[int]
    amount: Mapped[int]  # rupiah


class Visit(Table):
    """One call on a customer by somebody, with what came of it.

    at: when it was, by the clock of whoever reports it; heard_at: when the house heard. photo, thumb: Telegram's ids.
    request_key: what makes the same report, sent again, the same visit. order_id: the order that a fault raised.
    """

    __tablename__ = "visit"
    __table_args__ = (
        Index("ix_visit_account", "account_id", "at"),
        Index("ix_visit_person", "person_id", "at"),
        Index("ix_visit_at", "at"),
        Index("ix_visit_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("uq_visit_request", "request_key", unique=True, postgresql_where=text("request_key IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    result: Mapped[Result]
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    photo: Mapped[str | None] = mapped_column(Text)
    thumb: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(8))
    heard_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    request_key: Mapped[str | None] = mapped_column(String(64))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"))


class Promise(Table):
    """A customer's word to pay by a day; `owed` is what the account owed when it was given."""

    __tablename__ = "promise"
    __table_args__ = (
        Index("uq_promise_open", "account_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_promise_account", "account_id", "made_at"),
        Index("ix_promise_batch", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_promise_due", "due", "id", postgresql_where=text("state = 'open' AND told < 2")),
        CheckConstraint("amount > 0", name="some"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due: Mapped[date]
    amount: Mapped[int]
    owed: Mapped[int]
    state: Mapped[PromiseState] = mapped_column(default=PromiseState.OPEN, server_default="open")
    settled_at: Mapped[datetime | None]
    batch_id: Mapped[int | None]  # the import that settled it; its undo opens it again
    told: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  # 1: the day before, 2: on the day


class Assignment(Table):
    """That an account was given to a collector, or taken from everybody (None)."""

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_account", "account_id", "at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int]
    collector_id: Mapped[int | None]
    by_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class FieldDay(Table):
    """That a person's day in the field was summed up and told; the key decides between two that would tell it."""

    __tablename__ = "field_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    told_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Errand(Table):
    """What the bot waits for from a person in a chat: a promise's day or amount in its own words, or proof of a visit.

    asking: "due", "amount" or "proof". message_id: the card that the answer belongs to. Ends by itself after an hour.
    """

    __tablename__ = "errand"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    account_id: Mapped[int]
    message_id: Mapped[int]
    asking: Mapped[str] = mapped_column(String(8))
    due: Mapped[date | None]
    visit_id: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ContactSetting(Table):
    """What the house allows about calling on customers, from a moment on; the newest row holds, none: the environment.

    weekly: how often a customer may be met in seven days, 0: as often as needed. card_minutes: how long a card with
    a customer's data stays in a chat.
    """

    __tablename__ = "contact_setting"
    __table_args__ = (Index("ix_contact_setting_valid", "valid_from", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    opens: Mapped[time]
    closes: Mapped[time]
    weekly: Mapped[int]
    card_minutes: Mapped[int]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
