"""Targets of the SLA a unit, breaks, who is warned; what an order of a type must name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_operation", sa.Column("breaks", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column(
        "order_type", sa.Column("required", ARRAY(sa.String(length=8)), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_table(
        "sla_target",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("type_code", sa.String(length=16), nullable=False),
        sa.Column("site_operation_id", sa.BigInteger(), nullable=True),
        sa.Column("sto_id", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name=op.f("ck_sla_target_one_unit")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_sla_target_made_by_person")),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_sla_target_site_operation_id_site_operation")
        ),
        sa.ForeignKeyConstraint(["sto_id"], ["sto.id"], name=op.f("fk_sla_target_sto_id_sto")),
        sa.ForeignKeyConstraint(["type_code"], ["order_type.code"], name=op.f("fk_sla_target_type_code_order_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_target")),
    )
    op.create_index(
        "uq_sla_target_unit",
        "sla_target",
        ["type_code", "site_operation_id", "sto_id", "since"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "sla_recipient",
        sa.Column("site_operation_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Enum("near", "late", name="level", native_enum=False, length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sla_recipient_person_id_person")),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_sla_recipient_site_operation_id_site_operation")
        ),
        sa.PrimaryKeyConstraint("site_operation_id", "person_id", "level", name=op.f("pk_sla_recipient")),
    )
    op.create_table(
        "sla_alert",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Enum("near", "late", name="level", native_enum=False, length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_sla_alert_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "level", name=op.f("pk_sla_alert")),
    )
    op.add_column("orders", sa.Column("near_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("alert_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_orders_alert", "orders", ["alert_at"], postgresql_where=sa.text("alert_at IS NOT NULL"))
    # What is late already is on everybody's screen; only what is still to fall due is told of, once.
    op.execute("UPDATE orders SET alert_at = due_at WHERE due_at > now() AND deleted_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_orders_alert", "orders")
    op.drop_column("orders", "alert_at")
    op.drop_column("orders", "near_at")
    op.drop_table("sla_alert")
    op.drop_table("sla_recipient")
    op.drop_table("sla_target")
    op.drop_column("order_type", "required")
    op.drop_column("site_operation", "breaks")
