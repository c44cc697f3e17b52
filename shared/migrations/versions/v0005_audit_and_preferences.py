"""The audit log, sealed row by row; what a person prefers to see; dead updates and held chats are found by an index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SEAL = """
CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    -- One writer at a time until its commit: numbers have no gaps, and each seal holds the one before.
    PERFORM pg_advisory_xact_lock(hashtextextended('sikpro audit', 0));
    SELECT id, hash INTO last FROM audit ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(last.id, 0) + 1;
    NEW.hash := encode(sha256(convert_to(
        coalesce(last.hash, '') || '|' || jsonb_build_array(
            NEW.id, (extract(epoch FROM NEW.at) * 1000000)::bigint,
            NEW.actor_id, NEW.source, NEW.ip, NEW.what, NEW.subject, NEW.details
        )::text, 'UTF8')), 'hex');
    RETURN NEW;
END $$
"""
REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("what", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=120), server_default="", nullable=False),
        sa.Column("details", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("hash", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at", "id"])
    op.create_index("ix_audit_actor", "audit", ["actor_id", "at", "id"])
    op.create_index("ix_audit_what", "audit", ["what", "at", "id"])
    op.execute(SEAL)
    op.execute(REFUSE)
    op.execute("CREATE TRIGGER seal BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_seal()")
    op.execute("CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()")
    op.execute("CREATE TRIGGER refuse_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()")
    op.add_column("person", sa.Column("preferences", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False))
    op.create_index("ix_inbox_dead", "inbox", ["id"], postgresql_where=sa.text("state = 'dead'"))
    op.create_index("ix_chat_held", "chat", ["id"], postgresql_where=sa.text("held IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_chat_held", "chat")
    op.drop_index("ix_inbox_dead", "inbox")
    op.drop_column("person", "preferences")
    op.drop_table("audit")
    op.execute("DROP FUNCTION audit_refuse()")
    op.execute("DROP FUNCTION audit_seal()")
