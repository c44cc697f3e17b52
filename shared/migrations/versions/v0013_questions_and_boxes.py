"""Questions of the office about an order and their answers; what happened lately at an ODP, by its label."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_question",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_question_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_order_question_asked_by_person")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_order_question_answered_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_question")),
    )
    op.create_index("ix_order_question_order", "order_question", ["order_id", "id"])
    op.create_index(
        "ix_order_question_open", "order_question", ["order_id"], postgresql_where=sa.text("answered_at IS NULL")
    )
    op.create_index("ix_orders_odp", "orders", ["odp", "status_at"], postgresql_where=sa.text("odp IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_orders_odp", "orders")
    op.drop_table("order_question")
