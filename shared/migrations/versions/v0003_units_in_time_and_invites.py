"""Units have dates and a history, people come by one-time links, groups by one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("site_operation", "sto"):
        op.add_column(table, sa.Column("valid_from", sa.Date(), nullable=True))
        op.add_column(table, sa.Column("valid_to", sa.Date(), nullable=True))
    op.add_column("person", sa.Column("waiting", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "sto_site",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sto_id", sa.BigInteger(), nullable=False),
        sa.Column("site_operation_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name=op.f("ck_sto_site_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_sto_site_site_operation_id_site_operation")
        ),
        sa.ForeignKeyConstraint(["sto_id"], ["sto.id"], name=op.f("fk_sto_site_sto_id_sto")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sto_site")),
        sa.UniqueConstraint("sto_id", "valid_from", name=op.f("uq_sto_site_sto_id_valid_from")),
    )
    op.create_index(
        "uq_sto_site_open", "sto_site", ["sto_id"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "invite",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_invite_made_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invite_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invite_token_hash")),
    )
    op.create_index(
        "uq_invite_open",
        "invite",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "binding_code",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "purpose", sa.Enum("helpdesk", "technicians", name="purpose", native_enum=False, length=32), nullable=False
        ),
        sa.Column("site_operation_id", sa.BigInteger(), nullable=True),
        sa.Column("sto_id", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(site_operation_id, sto_id) = 1", name=op.f("ck_binding_code_one_unit")),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_binding_code_chat_id_chat")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_binding_code_made_by_person")),
        sa.ForeignKeyConstraint(
            ["site_operation_id"], ["site_operation.id"], name=op.f("fk_binding_code_site_operation_id_site_operation")
        ),
        sa.ForeignKeyConstraint(["sto_id"], ["sto.id"], name=op.f("fk_binding_code_sto_id_sto")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_binding_code_code_hash")),
    )


def downgrade() -> None:
    op.drop_table("binding_code")
    op.drop_table("invite")
    op.drop_table("sto_site")
    op.drop_column("person", "waiting")
    for table in ("sto", "site_operation"):
        op.drop_column(table, "valid_to")
        op.drop_column(table, "valid_from")
