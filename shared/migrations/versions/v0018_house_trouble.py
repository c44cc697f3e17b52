"""What is wrong with the house itself, since when, and whether the admins were told."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "house_trouble",
        sa.Column("part", sa.String(24), nullable=False),
        sa.Column("since", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_house_trouble")),
    )

    # Last week's words of the house, for the page that tries rules on them: few among all events.
    op.create_index(
        "ix_event_alert",
        "event",
        ["at"],
        postgresql_where=sa.text("name IN ('order.sla_alert', 'clock.alerted', 'house.alerted')"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_alert", "event")
    op.drop_table("house_trouble")
