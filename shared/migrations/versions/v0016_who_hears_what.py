"""Rules of who hears what, people's wishes, the clock's ladders. The lines that come with it tell the holder first."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STEPS = (
    *(("silent", 1, 60), ("silent", 2, 120), ("silent", 3, 240)),
    *(("paused", 1, 1440), ("paused", 2, 2880), ("paused", 3, 4320)),
    *(("unanswered", 1, 30), ("unanswered", 2, 60), ("unanswered", 3, 120)),
    *(("import", 1, 60), ("import", 2, 480)),
)
RULES = (
    *(("silent", 1, "holder"), ("silent", 2, "team_leader"), ("silent", 3, "supervisor")),
    *(("paused", 1, "holder"), ("paused", 2, "team_leader"), ("paused", 3, "supervisor")),
    *(("unanswered", 1, "asker"), ("unanswered", 2, "team_leader"), ("unanswered", 3, "supervisor")),
    *(("import", 1, "uploader"), ("import", 2, "admin")),
    ("house", 1, "admin"),
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    steps = op.create_table(
        "notify_step",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("since", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "step", name=op.f("pk_notify_step")),
    )
    rules = op.create_table(
        "notify_rule",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("site_operation_id", sa.BigInteger(), nullable=True),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(2), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(audience = 'person') = (person_id IS NOT NULL)", name=op.f("ck_notify_rule_person")),
        sa.CheckConstraint("(audience = 'chat') = (chat_id IS NOT NULL)", name=op.f("ck_notify_rule_chat")),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_notify_rule_site_operation_id_site_operation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notify_rule_person_id_person")),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_notify_rule_chat_id_chat")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_notify_rule_made_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_rule")),
    )
    op.create_index(
        "uq_notify_rule_line",
        "notify_rule",
        ["kind", "step", "site_operation_id", "audience", "person_id", "chat_id", "thread_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "notify_wish",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("muted", postgresql.ARRAY(sa.String(20)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column("hourly", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notify_wish_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_notify_wish")),
    )
    op.create_table(
        "escalation",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("fact_at", moment, nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "fact_at", "step", name=op.f("pk_escalation")),
    )
    op.create_index("ix_escalation_at", "escalation", ["at"])
    op.bulk_insert(steps, [{"kind": kind, "step": step, "minutes": minutes} for kind, step, minutes in STEPS])
    op.bulk_insert(rules, [{"kind": kind, "step": step, "audience": who} for kind, step, who in RULES])


def downgrade() -> None:
    for table in ("escalation", "notify_wish", "notify_rule", "notify_step"):
        op.drop_table(table)
