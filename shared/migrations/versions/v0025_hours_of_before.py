"""The working hours that units had before, so that a report of an earlier month counts with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_hours",
        sa.Column("site_operation_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("breaks", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_site_hours_site_operation_id_site_operation")
        ),
        sa.PrimaryKeyConstraint("site_operation_id", "until", name=op.f("pk_site_hours")),
    )


def downgrade() -> None:
    op.drop_table("site_hours")
