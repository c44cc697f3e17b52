"""One's own views of the queue; photos of orders; an index behind each sort; names that are found over a slip."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = "category IN ('received', 'working', 'obstacle') AND deleted_at IS NULL"

# The queue sorts by the exchange's code, and only a column of its own can stand in an index beside the order's id.
NAME_STO = """
CREATE FUNCTION orders_sto_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT code INTO NEW.sto_code FROM sto WHERE id = NEW.sto_id;
    RETURN NEW;
END $$
"""
FOLLOW_STO = """
CREATE FUNCTION sto_code_to_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders SET sto_code = NEW.code WHERE sto_id = NEW.id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=600), nullable=False),
        sa.Column("starts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("uq_saved_view_name", "saved_view", ["person_id", "name"], unique=True)
    op.create_index("uq_saved_view_start", "saved_view", ["person_id"], unique=True, postgresql_where=sa.text("starts"))
    op.create_table(
        "order_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("album", sa.String(length=64), nullable=True),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.String(length=255), nullable=False),
        sa.Column("thumb_id", sa.String(length=255), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_photo_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["person.id"], name=op.f("fk_order_photo_sender_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_photo")),
    )
    op.create_index("uq_order_photo_message", "order_photo", ["chat_id", "message_id"], unique=True)
    op.create_index(
        "ix_order_photo_order", "order_photo", ["order_id", "id"], postgresql_where=sa.text("order_id IS NOT NULL")
    )
    op.create_index(
        "ix_order_photo_album", "order_photo", ["chat_id", "album"], postgresql_where=sa.text("album IS NOT NULL")
    )
    op.create_index("ix_order_photo_loose", "order_photo", ["at"], postgresql_where=sa.text("order_id IS NULL"))

    op.add_column("orders", sa.Column("sto_code", sa.String(length=16), nullable=True))
    op.execute(NAME_STO)
    op.execute(FOLLOW_STO)
    op.execute(
        "CREATE TRIGGER sto_code BEFORE INSERT OR UPDATE OF sto_id ON orders"
        " FOR EACH ROW EXECUTE FUNCTION orders_sto_code()"
    )
    op.execute(
        "CREATE TRIGGER sto_code AFTER UPDATE OF code ON sto FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code)"
        " EXECUTE FUNCTION sto_code_to_orders()"
    )
    op.execute("UPDATE orders SET sto_code = sto.code FROM sto WHERE sto.id = orders.sto_id")
    op.create_index("ix_orders_sto_code", "orders", ["sto_code", "id"])
    op.create_index("ix_orders_technician_code", "orders", ["technician_code", "id"])
    op.create_index("ix_orders_status_at", "orders", ["status_at", "id"])
    op.create_index("ix_orders_open_status_at", "orders", ["status_at", "id"], postgresql_where=sa.text(OPEN))
    op.create_index("ix_orders_open_registered", "orders", ["registered_at", "id"], postgresql_where=sa.text(OPEN))
    op.create_index(
        "ix_person_name", "person", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )


def downgrade() -> None:
    op.drop_index("ix_person_name", "person")
    for name in ("open_registered", "open_status_at", "status_at", "technician_code", "sto_code"):
        op.drop_index(f"ix_orders_{name}", "orders")
    op.execute("DROP TRIGGER sto_code ON sto")
    op.execute("DROP TRIGGER sto_code ON orders")
    op.execute("DROP FUNCTION sto_code_to_orders()")
    op.execute("DROP FUNCTION orders_sto_code()")
    op.drop_column("orders", "sto_code")
    op.drop_table("order_photo")
    op.drop_table("saved_view")
