"""The open orders of an area with all that is counted of them, so that a page's figures are read without the table."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COUNTED = ["category", "deleted_at", "holder_id", "type_code", "status_code"]


def upgrade() -> None:
    op.create_index(
        "ix_orders_open_sto",
        "orders",
        ["sto_id", "sort_at", "id"],
        postgresql_include=COUNTED,
        postgresql_where=sa.text("category IN ('received', 'working', 'obstacle') AND deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_open_sto", table_name="orders")
