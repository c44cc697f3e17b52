"""Rules for one STO, reports for groups and by default, cards that are pinned, settings of contacts, the house's pulse."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LINE = ["kind", "step", "site_operation_id", "audience", "person_id", "chat_id", "thread_id"]


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("notify_rule", sa.Column("sto_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_notify_rule_sto_id_sto"), "notify_rule", "sto", ["sto_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_notify_rule_unit"), "notify_rule", "num_nonnulls(site_operation_id, sto_id) < 2"
    )
    op.drop_index("uq_notify_rule_line", "notify_rule")
    op.create_index(
        "uq_notify_rule_line", "notify_rule", [*LINE, "sto_id"], unique=True, postgresql_nulls_not_distinct=True
    )

    op.alter_column("report_schedule", "person_id", nullable=True)
    op.add_column("report_schedule", sa.Column("binding_id", sa.BigInteger(), nullable=True))
    op.add_column("report_schedule", sa.Column("preset", sa.String(16), nullable=True))
    op.create_foreign_key(
        op.f("fk_report_schedule_binding_id_group_binding"), "report_schedule", "group_binding", ["binding_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_report_schedule_reader"), "report_schedule", "num_nonnulls(person_id, binding_id) = 1"
    )
    op.create_index(
        "uq_report_schedule_preset",
        "report_schedule",
        ["preset", "person_id", "binding_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("preset IS NOT NULL"),
    )
    op.create_index(
        "ix_report_schedule_binding",
        "report_schedule",
        ["binding_id"],
        postgresql_where=sa.text("ended_at IS NULL AND binding_id IS NOT NULL"),
    )

    op.add_column("group_binding", sa.Column("pins", sa.Boolean(), server_default=sa.text("false"), nullable=False))

    op.create_table(
        "contact_setting",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("weekly", sa.BigInteger(), nullable=False),
        sa.Column("card_minutes", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_contact_setting_made_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_setting")),
    )
    op.create_index("ix_contact_setting_valid", "contact_setting", ["valid_from", "id"])

    op.create_table(
        "house_pulse",
        sa.Column("part", sa.String(24), nullable=False),
        sa.Column("at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_house_pulse")),
    )


def downgrade() -> None:
    op.drop_table("house_pulse")
    op.drop_table("contact_setting")
    op.drop_column("group_binding", "pins")
    group = "SELECT id FROM report_schedule WHERE binding_id IS NOT NULL"
    op.execute(f"DELETE FROM report_run WHERE schedule_id IN ({group})")
    op.execute("DELETE FROM report_schedule WHERE binding_id IS NOT NULL")
    op.drop_index("ix_report_schedule_binding", "report_schedule")
    op.drop_index("uq_report_schedule_preset", "report_schedule")
    op.drop_constraint(op.f("ck_report_schedule_reader"), "report_schedule")
    op.drop_column("report_schedule", "preset")
    op.drop_column("report_schedule", "binding_id")
    op.alter_column("report_schedule", "person_id", nullable=False)
    op.execute("DELETE FROM notify_rule WHERE sto_id IS NOT NULL")
    op.drop_index("uq_notify_rule_line", "notify_rule")
    op.drop_constraint(op.f("ck_notify_rule_unit"), "notify_rule")
    op.drop_column("notify_rule", "sto_id")
    op.create_index("uq_notify_rule_line", "notify_rule", LINE, unique=True, postgresql_nulls_not_distinct=True)
