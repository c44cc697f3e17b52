"""The office's desk: presence, handovers, notices, and who has an order open."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=NOW if now else None)


def person(table: str, name: str, *, nullable: bool = False) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(name, sa.BigInteger(), nullable=nullable),
        sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person")),
    ]


def upgrade() -> None:
    op.create_table(
        "presence",
        *person("presence", "person_id"),
        sa.Column("state", sa.String(32), nullable=False),
        moment("since", now=True),
        moment("seen_at", now=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_presence")),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        *person("handover", "giver_id"),
        *person("handover", "taker_id"),
        sa.Column("note", sa.Text(), nullable=False),
        moment("at", now=True),
        moment("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_giver", "handover", ["giver_id", "id"])
    op.create_index("ix_handover_taker", "handover", ["taker_id", "id"])
    op.create_table(
        "handover_order",
        sa.Column("handover_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        moment("answered_at", nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_handover_order_handover_id_handover")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_handover_order_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handover_id", "order_id", name=op.f("pk_handover_order")),
    )
    op.create_index(
        "uq_handover_order_waiting",
        "handover_order",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_handover_order_order", "handover_order", ["order_id", "handover_id"])
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *person("notice", "person_id"),
        moment("at", now=True),
        sa.Column("kind", sa.String(24), nullable=False),
        *person("notice", "actor_id", nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("handover_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        moment("seen_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_notice_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_notice_handover_id_handover")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_person", "notice", ["person_id", "id"])
    op.create_index("ix_notice_unseen", "notice", ["person_id", "id"], postgresql_where=sa.text("seen_at IS NULL"))
    op.create_index("ix_notice_at", "notice", ["at"])
    op.create_table(
        "order_open",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        *person("order_open", "person_id"),
        moment("since", now=True),
        moment("seen_at", now=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_open_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "person_id", name=op.f("pk_order_open")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_order_open_seen", "order_open", ["seen_at"])


def downgrade() -> None:
    for table in ("order_open", "notice", "handover_order", "handover", "presence"):
        op.drop_table(table)
