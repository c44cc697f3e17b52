"""Doors of bound groups: who is inside, links for one person, requests to come in; who lost access by leaving."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("person", sa.Column("telegram_name", sa.String(32), nullable=True))
    op.add_column("person", sa.Column("left_at", moment, nullable=True))
    op.create_unique_constraint(op.f("uq_person_telegram_name"), "person", ["telegram_name"])
    op.add_column("group_binding", sa.Column("lost_at", moment, nullable=True))
    op.create_table(
        "group_member",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("since", moment, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_group_member_chat_id_chat")),
        sa.PrimaryKeyConstraint("chat_id", "telegram_id", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_telegram_id"), "group_member", ["telegram_id"])
    op.create_table(
        "group_invite",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("link", sa.String(200), nullable=True),
        sa.Column("trouble", sa.String(200), server_default="", nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_group_invite_chat_id_chat")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_group_invite_made_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_group_invite_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_invite")),
    )
    op.create_index(
        "uq_group_invite_open",
        "group_invite",
        ["person_id", "chat_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND ended_at IS NULL"),
    )
    op.create_index(op.f("ix_group_invite_delivery_id"), "group_invite", ["delivery_id"])
    op.create_table(
        "join_request",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("telegram_name", sa.String(32), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(12), server_default="waiting", nullable=False),
        sa.Column("asked_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_join_request_chat_id_chat")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_join_request_decided_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_join_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_request")),
    )
    op.create_index(
        "uq_join_request_waiting",
        "join_request",
        ["chat_id", "telegram_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("join_request")
    op.drop_table("group_invite")
    op.drop_table("group_member")
    op.drop_column("group_binding", "lost_at")
    op.drop_constraint(op.f("uq_person_telegram_name"), "person", type_="unique")
    op.drop_column("person", "left_at")
    op.drop_column("person", "telegram_name")
