"""Who works here: people with a role, an area, a way in on the web and an identity in Telegram."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Table


class Role(StrEnum):
    """What a person is; what each may do stands in `access.RIGHTS`."""

    TECHNICIAN = "technician"
    COLLECTOR = "collector"
    HELPDESK = "helpdesk"
    TEAM_LEADER = "team_leader"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Person(Table):
    """One human being. Telegram identity is the number, never the name, which anybody may change."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_name", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role]
    username: Mapped[str | None] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    technician_code: Mapped[str | None] = mapped_column(String(16), unique=True)
    telegram_id: Mapped[int | None] = mapped_column(unique=True)
    telegram_name: Mapped[str | None] = mapped_column(String(32), unique=True)  # known before the number: @name, small
    language: Mapped[str] = mapped_column(String(2), default="id")
    active: Mapped[bool] = mapped_column(default=True)
    left_at: Mapped[datetime | None]  # not active since it left its last bound group; coming back ends that
    waiting: Mapped[bool] = mapped_column(default=False, server_default=false())  # for approval; not active until then
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))  # how to show
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PersonArea(Table):
    """One unit of a person's area: a whole Site Operation, or one STO."""

    __tablename__ = "person_area"
    __table_args__ = (
        CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name="one_unit"),
        Index(
            "uq_person_area_unit",
            "person_id",
            "site_operation_id",
            "sto_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_operation_id: Mapped[int | None] = mapped_column(ForeignKey("site_operation.id"))
    sto_id: Mapped[int | None] = mapped_column(ForeignKey("sto.id"))


class WebSession(Table):
    """A signed-in browser. Only a hash of its token is kept; the token is 256 bits of chance."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    agent: Mapped[str] = mapped_column(String(200), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")


class Invite(Table):
    """A link by which a person sets its password, once and within a day; only a hash of its token is kept."""

    __tablename__ = "invite"
    __table_args__ = (
        # One living link a person: a new one ends the one before.
        Index(
            "uq_invite_open", "person_id", unique=True, postgresql_where=text("used_at IS NULL AND ended_at IS NULL")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # replaced by another link, or its person was disabled


class LoginFailure(Table):
    """How often a name (or an address) failed to sign in lately, and until when it must wait."""

    __tablename__ = "login_failure"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(server_default=func.now())
    wait_until: Mapped[datetime | None]


class ApiToken(Table):
    """A bearer token of a person for the JSON API; only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
