"""An order that is late and still not taken climbs to the supervisor, then to the admins: a ladder of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

LADDER = ((1, 60, "supervisor"), (2, 180, "admin"))  # step, minutes of work since the breach was told, who hears it


def upgrade() -> None:
    whole, word = sa.BigInteger(), sa.String(16)
    steps = sa.table("notify_step", sa.column("kind", word), sa.column("step", whole), sa.column("minutes", whole))
    rules = sa.table("notify_rule", sa.column("kind", word), sa.column("step", whole), sa.column("audience", word))
    op.bulk_insert(steps, [{"kind": "untaken", "step": step, "minutes": minutes} for step, minutes, _ in LADDER])
    op.bulk_insert(rules, [{"kind": "untaken", "step": step, "audience": who} for step, _, who in LADDER])


def downgrade() -> None:
    for table in ("escalation", "notify_rule", "notify_step"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'untaken'")
