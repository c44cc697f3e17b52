"""How many messages are on their way to an endpoint is counted without a look at those that wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("state = 'sending'")
    op.create_index("ix_webhook_delivery_sending", "webhook_delivery", ["endpoint_id"], postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_webhook_delivery_sending", table_name="webhook_delivery")
