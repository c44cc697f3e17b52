"""Deleted orders in a trash of their own; one of them holds its Telegram message no longer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trash",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "deleted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_trash_order_id_orders")),
        sa.ForeignKeyConstraint(["deleted_by"], ["person.id"], name=op.f("fk_trash_deleted_by_person")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_trash_event_id_event")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_trash")),
    )
    op.create_index("ix_trash_at", "trash", ["deleted_at", "order_id"])
    op.create_index("ix_trash_event", "trash", ["event_id"])
    op.drop_index("uq_orders_message", "orders")
    op.create_index(
        "uq_orders_message",
        "orders",
        ["chat_id", "message_id"],
        unique=True,
        postgresql_where=sa.text("message_id IS NOT NULL AND deleted_at IS NULL"),
    )


def downgrade() -> None:
    # Whoever goes back has no trash: what lies in it stays marked as deleted, and lets go of its message.
    op.execute("UPDATE orders SET message_id = NULL WHERE deleted_at IS NOT NULL AND message_id IS NOT NULL")
    op.drop_index("uq_orders_message", "orders")
    op.create_index(
        "uq_orders_message",
        "orders",
        ["chat_id", "message_id"],
        unique=True,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.drop_table("trash")
