"""Accounts in arrears, visits and promises; imports as batches that can be compared, applied whole and undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows of a file lie here, a table a batch, from its reading to its end; the models do not know them.
    op.execute("CREATE SCHEMA staging")
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("internet_no", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("sto_id", sa.BigInteger(), nullable=False),
        sa.Column("datel", sa.Text(), server_default="", nullable=False),
        sa.Column("product", sa.Text(), server_default="", nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=True),
        sa.Column("customer_age", sa.SmallInteger(), nullable=True),
        sa.Column("segment", sa.Text(), server_default="", nullable=False),
        sa.Column("collector_name", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_status", sa.Text(), server_default="", nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("extra", JSONB(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("open", "presumed_paid", "paid", name="accountstate", native_enum=False, length=32),
            server_default="open",
            nullable=False,
        ),
        sa.Column("collector_id", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_visit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_result", sa.String(length=16), nullable=True),
        sa.Column("promise_due", sa.Date(), nullable=True),
        sa.Column("promise_amount", sa.BigInteger(), nullable=True),
        sa.Column("first_batch", sa.BigInteger(), nullable=True),
        sa.Column("last_batch", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("internet_no", name=op.f("uq_account_internet_no")),
    )
    op.create_index(
        "ix_account_collector",
        "account",
        ["collector_id"],
        unique=False,
        postgresql_where=sa.text("collector_id IS NOT NULL"),
    )
    op.create_index(
        "ix_account_open_amount", "account", ["amount", "id"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_account_open_sto",
        "account",
        ["sto_id", "months"],
        unique=False,
        postgresql_include=["amount"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_account_promised",
        "account",
        ["promise_due", "id"],
        unique=False,
        postgresql_where=sa.text("promise_due IS NOT NULL"),
    )
    op.create_table(
        "account_search",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_search")),
    )
    op.create_index(
        "ix_account_search_words",
        "account_search",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
    )
    op.create_table(
        "import_change",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "account_id", name=op.f("pk_import_change")),
    )
    op.create_index("ix_import_change_account", "import_change", ["account_id", "batch_id"], unique=False)
    op.create_table(
        "import_turn",
        sa.Column("kind", sa.Enum("arrears", "orders", name="kind", native_enum=False, length=32), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_import_turn")),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Enum("arrears", "orders", name="kind", native_enum=False, length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "reading",
                "mapping",
                "ready",
                "refused",
                "applying",
                "applied",
                "undoing",
                "undone",
                "cancelled",
                "expired",
                name="batchstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stos", ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("same_as", sa.BigInteger(), nullable=True),
        sa.Column("layout", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("header", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("samples", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("mapping", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("mark_missing", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("phase", sa.String(length=16), server_default="", nullable=False),
        sa.Column("counts", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("examples", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("problems", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("base", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("trouble", JSONB(), nullable=True),
        sa.Column("result", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_import_batch_decided_by_person")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_import_batch_undone_by_person")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["person.id"], name=op.f("fk_import_batch_uploaded_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_at", "import_batch", ["uploaded_at", "id"], unique=False)
    op.create_index(
        "ix_import_batch_expires",
        "import_batch",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("ix_import_batch_sha256", "import_batch", ["sha256", "kind"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("kind", sa.Enum("arrears", "orders", name="kind", native_enum=False, length=32), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.Column("said_by", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_import_mapping_said_by_person")),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name=op.f("pk_import_mapping")),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "promise",
                "paid",
                "nobody_home",
                "refused",
                "moved",
                "wants_out",
                "fault",
                name="result",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("photo", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_visit_account_id_account")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_visit_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_account", "visit", ["account_id", "at"], unique=False)
    op.create_index("ix_visit_person", "visit", ["person_id", "at"], unique=False)
    op.create_table(
        "import_refusal",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cells", JSONB(), nullable=False),
        sa.Column("problems", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_refusal_batch_id_import_batch")
        ),
        sa.PrimaryKeyConstraint("batch_id", "row_no", name=op.f("pk_import_refusal")),
    )
    op.create_table(
        "promise",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "kept", "broken", "replaced", name="promisestate", native_enum=False, length=32),
            server_default="open",
            nullable=False,
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promise_some")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_promise_account_id_account")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_promise_made_by_person")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_promise_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
    )
    op.create_index("ix_promise_account", "promise", ["account_id", "made_at"], unique=False)
    op.create_index(
        "ix_promise_batch", "promise", ["batch_id"], unique=False, postgresql_where=sa.text("batch_id IS NOT NULL")
    )
    op.create_index(
        "uq_promise_open", "promise", ["account_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "import_order",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_order_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_import_order_order_id_orders")),
        sa.PrimaryKeyConstraint("batch_id", "order_id", name=op.f("pk_import_order")),
    )
    op.execute("INSERT INTO import_turn (kind, turn) VALUES ('arrears', 0), ('orders', 0)")


def downgrade() -> None:
    op.drop_table("import_order")
    op.drop_table("promise")
    op.drop_table("import_refusal")
    op.drop_table("visit")
    op.drop_table("import_mapping")
    op.drop_table("import_batch")
    op.drop_table("import_turn")
    op.drop_table("import_change")
    op.drop_table("account_search")
    op.drop_table("account")
    op.execute("DROP SCHEMA staging CASCADE")
