"""The collector's road: where and when a visit was, what it raised, who was given an account, what was told already."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_WORK = "coalesce(months::integer, 1) * amount"


def upgrade() -> None:
    op.add_column("visit", sa.Column("request_key", sa.String(64), nullable=True))
    op.add_column("visit", sa.Column("heard_at", sa.DateTime(timezone=True), server_default=sa.func.now()))
    op.add_column("visit", sa.Column("thumb", sa.Text(), nullable=True))
    op.add_column("visit", sa.Column("order_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_visit_order_id_orders"), "visit", "orders", ["order_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "uq_visit_request", "visit", ["request_key"], unique=True, postgresql_where=sa.text("request_key IS NOT NULL")
    )
    op.create_index("ix_visit_at", "visit", ["at"])
    op.create_index("ix_visit_order", "visit", ["order_id"], postgresql_where=sa.text("order_id IS NOT NULL"))
    op.add_column("promise", sa.Column("told", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index("ix_promise_due", "promise", ["due", "id"], postgresql_where=sa.text("state = 'open' AND told < 2"))
    op.add_column("account", sa.Column("fault_order_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_account_fault", "account", ["fault_order_id"], postgresql_where=sa.text("fault_order_id IS NOT NULL")
    )
    op.create_index(
        "ix_account_work",
        "account",
        ["collector_id", sa.text(f"({_WORK})"), "id"],
        postgresql_where=sa.text("state = 'open' AND collector_id IS NOT NULL AND NOT paused"),
    )
    op.create_index(
        "ix_account_promise_work",
        "account",
        ["collector_id", "promise_due", "id"],
        postgresql_where=sa.text("promise_due IS NOT NULL AND collector_id IS NOT NULL"),
    )
    op.create_index(
        "ix_account_result",
        "account",
        ["last_result", "amount", "id"],
        postgresql_where=sa.text("last_result IS NOT NULL"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("collector_id", sa.BigInteger(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_account", "assignment", ["account_id", "at"])
    op.create_table(
        "field_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("day", "person_id", name=op.f("pk_field_day")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_day_person_id_person")),
    )
    op.create_table(
        "errand",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("asking", sa.String(8), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "person_id", name=op.f("pk_errand")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_errand_person_id_person")),
    )
    op.create_index(
        "ix_delivery_passing",
        "delivery",
        ["sent_at"],
        postgresql_where=sa.text("kind = 'passing' AND state = 'sent'"),
    )
    # Raised by the house when a collector hears of a fault. It is not active: nobody is offered it for typing in.
    op.execute(
        "INSERT INTO order_type (code, label_id, label_en, key_pattern, keeps_number, target_minutes, position, active)"
        " SELECT 'GGN', 'Gangguan', 'Fault', '^GGN\\d{6,12}$', false, 240, max(position) + 1, false FROM order_type"
        " ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.execute("DELETE FROM order_type WHERE code = 'GGN' AND NOT EXISTS (SELECT FROM orders WHERE type_code = 'GGN')")
    op.drop_index("ix_delivery_passing", "delivery")
    for table in ("errand", "field_day", "assignment"):
        op.drop_table(table)
    for index in ("ix_account_result", "ix_account_promise_work", "ix_account_work", "ix_account_fault"):
        op.drop_index(index, "account")
    op.drop_column("account", "fault_order_id")
    op.drop_index("ix_promise_due", "promise")
    op.drop_column("promise", "told")
    for index in ("ix_visit_order", "ix_visit_at", "uq_visit_request"):
        op.drop_index(index, "visit")
    for column in ("order_id", "thumb", "heard_at", "request_key"):
        op.drop_column("visit", column)
