"""Who comes new to the house has breaches of the SLA told to the team leaders of the area, until it says otherwise."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Where people were chosen already, nobody else hears of it.
    op.execute(
        "INSERT INTO notify_rule (kind, step, audience) SELECT 'sla_late', 1, 'team_leader' "
        "WHERE NOT EXISTS (SELECT FROM sla_recipient WHERE level = 'late') "
        "AND NOT EXISTS (SELECT FROM notify_rule WHERE kind = 'sla_late')"
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM notify_rule WHERE kind = 'sla_late' AND audience = 'team_leader' "
        "AND site_operation_id IS NULL AND sto_id IS NULL AND made_by IS NULL"
    )
