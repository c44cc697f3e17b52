"""Telegram chats: what the house knows of each, and which groups serve which area for which purpose."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Identity, Index, String, false, func, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from shared.db import Table

_SUPERGROUPS = -1_000_000_000_000  # ids below this are supergroups


class ChatKind(StrEnum):
    """Telegram's kinds of chat that we talk in."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"


class Purpose(StrEnum):
    """What a bound group is for."""

    HELPDESK = "helpdesk"  # new orders of the area come here, with buttons to take them
    TECHNICIANS = "technicians"  # technicians register here
    COLLECTORS = "collectors"  # collectors ask for their accounts here, masked


def numbers_its_own(chat_id: int) -> bool:
    """Whether a chat is a supergroup. Private chats and basic groups share one sequence, that of the bot's account."""
    return chat_id < _SUPERGROUPS


def same_numbers(column: ColumnElement[Any] | InstrumentedAttribute[int], chat_id: int) -> ColumnElement[bool]:
    """The chats whose messages are numbered in one sequence with those of `chat_id`."""
    same: ColumnElement[bool] = column == chat_id if numbers_its_own(chat_id) else column > _SUPERGROUPS
    return same


class Chat(Table):
    """One Telegram chat. Ids have up to 52 significant bits."""

    __tablename__ = "chat"
    __table_args__ = (Index("ix_chat_held", "id", postgresql_where=text("held IS NOT NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[ChatKind]
    title: Mapped[str] = mapped_column(String(255), default="")
    held: Mapped[str | None] = mapped_column(String(200))  # why nothing may be sent; None: free
    not_before: Mapped[datetime | None]  # Telegram said retry_after: silence until then
    paced_until: Mapped[datetime | None]  # our own pace: no slot before then
    hinted_at: Mapped[datetime | None]  # the relay asked a worker to drain this chat
    last_message_id: Mapped[int] = mapped_column(default=0)  # highest id seen, sent or received
    migrated_to: Mapped[int | None]
    unreacted_at: Mapped[datetime | None]  # Telegram refused the bot's reaction then: for a week it answers in words
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class GroupBinding(Table):
    """A group, or one topic of it, that serves an area for a purpose."""

    __tablename__ = "group_binding"
    __table_args__ = (
        CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name="one_unit"),
        Index(
            "uq_group_binding_place",
            "chat_id",
            "thread_id",
            "purpose",
            "site_operation_id",
            "sto_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"))
    thread_id: Mapped[int | None]
    purpose: Mapped[Purpose]
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))
    sto_id: Mapped[int | None] = mapped_column(ForeignKey("sto.id"))
    active: Mapped[bool] = mapped_column(default=True)
    pins: Mapped[bool] = mapped_column(default=False, server_default=false())  # open orders' cards are pinned here
    lost_at: Mapped[datetime | None]  # Telegram says that the topic is gone; its news wait until it is bound again


class ChatCheck(Table):
    """What Telegram said the bot is and may in a group, when it was asked last.

    lacks: keys of what it needs and has not. asked_at: somebody wants it asked again; hinted_at: a worker was told to.
    """

    __tablename__ = "chat_check"

    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"), primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime | None]
    hinted_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(24), server_default="")
    lacks: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    trouble: Mapped[str] = mapped_column(String(200), server_default="")


class BindingCode(Table):
    """A code that ties the group it is sent in to an area; fifteen minutes, once, and only its hash is kept."""

    __tablename__ = "binding_code"
    __table_args__ = (CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name="one_unit"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[Purpose]
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))
    sto_id: Mapped[int | None] = mapped_column(ForeignKey("sto.id"))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    chat_id: Mapped[int | None] = mapped_column(ForeignKey("chat.id"))


class GroupMember(Table):
    """Whether a Telegram account is in a bound group, as far as we were told. No row: nobody told us."""

    __tablename__ = "group_member"

    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"), primary_key=True, autoincrement=False)
    telegram_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    inside: Mapped[bool]
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class GroupInvite(Table):
    """A link into a bound group made for one person. It opens nothing by itself: who comes with it asks to be let in.

    link: None until Telegram made it; trouble: why it did not.
    """

    __tablename__ = "group_invite"
    __table_args__ = (
        Index(
            "uq_group_invite_open",
            "person_id",
            "chat_id",
            unique=True,
            postgresql_where=text("used_at IS NULL AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    delivery_id: Mapped[int | None] = mapped_column(index=True)  # the call that makes it; deliveries are purged in time
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    link: Mapped[str | None] = mapped_column(String(200))
    trouble: Mapped[str] = mapped_column(String(200), server_default="")
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class JoinRequest(Table):
    """Somebody asks to be let into a bound group. state: waiting, approved, declined."""

    __tablename__ = "join_request"
    __table_args__ = (
        Index(
            "uq_join_request_waiting",
            "chat_id",
            "telegram_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id"))
    telegram_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    telegram_name: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(2))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # on the roster under this account or name
    state: Mapped[str] = mapped_column(String(12), server_default="waiting")
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the roster itself
    decided_at: Mapped[datetime | None]


class InboxUpdate(Table):
    """A raw update from Telegram, kept before its offset is confirmed, so that no crash can lose it."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_new", "chat_id", "id", postgresql_where=text("state = 'new'")),
        Index("ix_inbox_done", "received_at", postgresql_where=text("state <> 'new'")),
        Index("ix_inbox_dead", "id", postgresql_where=text("state = 'dead'")),
        Index("uq_inbox_update", "bot_id", "update_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    bot_id: Mapped[int]
    update_id: Mapped[int]
    chat_id: Mapped[int]  # 0 where an update has no chat
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8), server_default="new")  # new, done, dead
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Dialogue(Table):
    """Where a guided `/reg` stands: what a person has told so far in one chat. Ends by itself after an hour."""

    __tablename__ = "dialogue"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    thread_id: Mapped[int | None]
    message_id: Mapped[int]  # the person's /reg: the order belongs to this message
    form: Mapped[dict[str, Any]]
    asking: Mapped[str] = mapped_column(String(16))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
