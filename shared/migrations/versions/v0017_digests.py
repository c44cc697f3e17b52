"""Schedules may be of the morning's list and of the week's obstacles."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_report_schedule_kind"), "report_schedule")
    op.create_check_constraint(
        op.f("ck_report_schedule_kind"),
        "report_schedule",
        "kind IN ('yesterday', 'today', 'month', 'morning', 'pareto')",
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM report_run WHERE schedule_id IN (SELECT id FROM report_schedule WHERE kind IN ('morning', 'pareto'))"
    )
    op.execute("DELETE FROM report_schedule WHERE kind IN ('morning', 'pareto')")
    op.drop_constraint(op.f("ck_report_schedule_kind"), "report_schedule")
    op.create_check_constraint(
        op.f("ck_report_schedule_kind"), "report_schedule", "kind IN ('yesterday', 'today', 'month')"
    )
