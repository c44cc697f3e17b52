"""What open accounts come to by STO and months, so that a dashboard counts nothing; lists of closed and paused ones."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_tally",
        sa.Column("sto_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sto_id", "step", name=op.f("pk_account_tally")),
    )
    op.execute(
        "INSERT INTO account_tally (sto_id, step, accounts, amount)"
        " SELECT sto_id, least(greatest(coalesce(months, 0), 0), 4), count(*), sum(amount)"
        " FROM account WHERE state = 'open' GROUP BY 1, 2"
    )
    op.create_index(
        "ix_account_closed_amount",
        "account",
        ["state", "amount", "id"],
        postgresql_where=sa.text("state <> 'open'"),
    )
    op.create_index("ix_account_paused", "account", ["amount", "id"], postgresql_where=sa.text("paused"))
    op.create_index(
        "ix_audit_account", "audit", ["subject", "at"], postgresql_where=sa.text("subject LIKE 'account:%'")
    )


def downgrade() -> None:
    op.drop_index("ix_audit_account", "audit")
    op.drop_index("ix_account_paused", "account")
    op.drop_index("ix_account_closed_amount", "account")
    op.drop_table("account_tally")
