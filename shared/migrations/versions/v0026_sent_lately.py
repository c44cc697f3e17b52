"""What was sent lately is found at once: a pace whose Redis was emptied asks for it."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_delivery_sent", "delivery", ["sent_at"], postgresql_where=sa.text("state = 'sent'"))


def downgrade() -> None:
    op.drop_index("ix_delivery_sent", table_name="delivery")
