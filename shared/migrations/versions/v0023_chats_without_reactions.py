"""A chat remembers that reactions are forbidden in it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chat", sa.Column("unreacted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("chat", "unreacted_at")
