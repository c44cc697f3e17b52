"""Reports sent on a schedule, files that go along with messages, what the bot may in its groups, anchors of the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "delivery_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_file")),
    )
    op.create_index("ix_delivery_file_made", "delivery_file", ["made_at"])
    op.add_column("delivery", sa.Column("file_id", sa.BigInteger(), nullable=True))
    # Every row of the past has none, so nothing needs to be looked at under the lock.
    op.create_foreign_key(
        "fk_delivery_file_id_delivery_file", "delivery", "delivery_file", ["file_id"], ["id"], postgresql_not_valid=True
    )
    op.execute("ALTER TABLE delivery VALIDATE CONSTRAINT fk_delivery_file_id_delivery_file")
    op.create_index("ix_delivery_file", "delivery", ["file_id"], postgresql_where=sa.text("file_id IS NOT NULL"))
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("day", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("sto", sa.String(length=8), server_default="", nullable=False),
        sa.Column("type", sa.String(length=16), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('yesterday', 'today', 'month')", name=op.f("ck_report_schedule_kind")),
        sa.CheckConstraint("day BETWEEN 1 AND 28", name=op.f("ck_report_schedule_day")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_schedule_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_index(
        "ix_report_schedule_due",
        "report_schedule",
        ["next_at"],
        postgresql_where=sa.text("active AND ended_at IS NULL"),
    )
    op.create_index(
        "ix_report_schedule_person", "report_schedule", ["person_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "report_run",
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=24), server_default="", nullable=False),
        sa.Column("missed", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedule.id"], name=op.f("fk_report_run_schedule_id_report_schedule")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name=op.f("pk_report_run")),
    )
    op.create_table(
        "chat_check",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hinted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=24), server_default="", nullable=False),
        sa.Column("lacks", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("trouble", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_chat_check_chat_id_chat")),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chat_check")),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_audit_anchor")),
    )
    op.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON audit_anchor FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(
        "CREATE TRIGGER refuse_all BEFORE TRUNCATE ON audit_anchor FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )


def downgrade() -> None:
    op.drop_table("audit_anchor")
    op.drop_table("chat_check")
    op.drop_table("report_run")
    op.drop_table("report_schedule")
    op.drop_index("ix_delivery_file", "delivery")
    op.drop_constraint("fk_delivery_file_id_delivery_file", "delivery")
    op.drop_column("delivery", "file_id")
    op.drop_table("delivery_file")
