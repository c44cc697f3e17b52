"""Two indexes that hold all a report counts, so that a month of a large house is read without its table."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RECEIVED = ["sto_id", "type_code", "technician_code"]
CLOSED = [
    *("registered_at", "status_at", "sto_id", "type_code", "technician_code"),
    *("category", "used_seconds", "target_seconds"),
]


def upgrade() -> None:
    op.create_index(
        "ix_orders_received_recap",
        "orders",
        ["registered_at"],
        postgresql_include=RECEIVED,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_orders_closed_recap",
        "orders",
        ["closed_at"],
        postgresql_include=CLOSED,
        postgresql_where=sa.text("closed_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index("ix_orders_closed", table_name="orders")


def downgrade() -> None:
    op.create_index("ix_orders_closed", "orders", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.drop_index("ix_orders_closed_recap", table_name="orders")
    op.drop_index("ix_orders_received_recap", table_name="orders")
