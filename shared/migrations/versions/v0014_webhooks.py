"""Webhooks out: endpoints of other systems, and a row for each message to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.String(48)), nullable=False),
        sa.Column("site_operation_id", sa.BigInteger(), nullable=True),
        sa.Column("secret", sa.String(120), nullable=False),
        sa.Column("old_secret", sa.String(120), nullable=True),
        sa.Column("old_until", moment, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("off", sa.String(16), server_default="", nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("taken_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["site_operation_id"],
            ["site_operation.id"],
            name=op.f("fk_webhook_endpoint_site_operation_id_site_operation"),
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_webhook_endpoint_made_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("not_before", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("tries", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("made_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id_webhook_endpoint")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_webhook_delivery_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_webhook_delivery_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_delivery_name")),
    )
    op.create_index("uq_webhook_delivery_once", "webhook_delivery", ["event_id", "endpoint_id"], unique=True)
    waiting = sa.text("state IN ('waiting', 'sending')")
    op.create_index("ix_webhook_delivery_open", "webhook_delivery", ["endpoint_id", "id"], postgresql_where=waiting)
    dead = sa.text("state = 'dead'")
    op.create_index("ix_webhook_delivery_dead", "webhook_delivery", ["endpoint_id"], postgresql_where=dead)
    known = sa.text("order_id IS NOT NULL")
    op.create_index("ix_webhook_delivery_order", "webhook_delivery", ["order_id"], postgresql_where=known)
    op.create_index("ix_webhook_delivery_log", "webhook_delivery", ["endpoint_id", "id"])
    op.create_index("ix_webhook_delivery_made", "webhook_delivery", ["made_at"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_endpoint")
