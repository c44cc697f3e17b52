"""An order that is nearly late is told in the helpdesk's groups of its STO, until the house says otherwise."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Where people were chosen already, nobody else hears of it.
    op.execute(
        "INSERT INTO notify_rule (kind, step, audience) SELECT 'sla_near', 1, 'desk' "
        "WHERE NOT EXISTS (SELECT FROM sla_recipient WHERE level = 'near') "
        "AND NOT EXISTS (SELECT FROM notify_rule WHERE kind = 'sla_near')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM notify_rule WHERE audience = 'desk'")  # which the code of before does not know
