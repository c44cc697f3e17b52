"""The order types, statuses, moves and reasons that come with the product (domain.md); units may change them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TYPES = [
    ("AO", "Pasang baru", "New install", True, 60),
    ("MO", "Pindah paket", "Package change", True, 30),
    ("PDA", "Pindah alamat", "Relocation", True, 60),
    ("CONFIG", "Aktivasi ulang", "Re-activation", False, 30),
]
STATUSES = [
    ("BARU", "Baru", "New", "received", "baru", False),
    ("OGP", "OGP", "In progress", "working", "ogp", False),
    ("KENDALA", "Kendala", "Obstacle", "obstacle", "kendala", True),
    ("SELESAI", "Selesai", "Completed", "done", "selesai", False),
    ("BATAL", "Batal", "Cancelled", "cancelled", "batal", True),
]
DESK = ["helpdesk", "team_leader", "admin"]
LEAD = ["team_leader", "admin"]
MOVES = [
    *[("BARU", new, DESK, False) for new in ("OGP", "KENDALA", "SELESAI", "BATAL")],
    *[("OGP", new, DESK, False) for new in ("BARU", "KENDALA", "SELESAI", "BATAL")],
    *[("KENDALA", new, DESK, False) for new in ("OGP", "SELESAI", "BATAL")],
    ("SELESAI", "OGP", LEAD, True),
    ("BATAL", "BARU", LEAD, True),
]
REASONS = [
    ("KENDALA", "ODP penuh", "ODP full", "technician", "runs"),
    ("KENDALA", "Jarak lebih dari 250 m", "Distance over 250 m", "technician", "runs"),
    ("KENDALA", "Redaman tinggi", "High attenuation", "technician", "runs"),
    ("KENDALA", "Crossing jalan", "Road crossing", "technician", "runs"),
    ("KENDALA", "Butuh tanam tiang", "Needs a new pole", "technician", "runs"),
    ("KENDALA", "SN modem tidak terbaca", "Modem serial unreadable", "technician", "runs"),
    ("KENDALA", "Pelanggan tidak di lokasi", "Customer not on site", "customer", "stops"),
    ("KENDALA", "Pelanggan minta tunda", "Customer asks to postpone", "customer", "stops"),
    ("KENDALA", "Izin belum ada", "No permit yet", "customer", "stops"),
    ("KENDALA", "Fallout WFM", "WFM fallout", "system", "apart"),
    ("KENDALA", "Fallout UIM", "UIM fallout", "system", "apart"),
    ("KENDALA", "Fallout ASAP", "ASAP fallout", "system", "apart"),
    ("KENDALA", "Fallout OSM", "OSM fallout", "system", "apart"),
    ("BATAL", "Ditolak helpdesk, data salah", "Rejected by helpdesk, wrong data", None, "ends"),
    ("BATAL", "Dibatalkan pelanggan", "Cancelled by the customer", None, "ends"),
    ("BATAL", "Order ganda di sistem lain", "Duplicate in another system", None, "ends"),
]


def upgrade() -> None:
    types = sa.table(
        "order_type",
        *[
            sa.column(name)
            for name in (
                "code",
                "label_id",
                "label_en",
                "key_pattern",
                "keeps_number",
                "target_minutes",
                "position",
                "active",
            )
        ],
    )
    op.bulk_insert(
        types,
        [
            {
                "code": code,
                "label_id": label,
                "label_en": english,
                "key_pattern": r"^SC\d{6,12}$",
                "keeps_number": keeps,
                "target_minutes": target,
                "position": place,
                "active": True,
            }
            for place, (code, label, english, keeps, target) in enumerate(TYPES, 1)
        ],
    )
    statuses = sa.table(
        "order_status",
        *[
            sa.column(name)
            for name in ("code", "label_id", "label_en", "category", "look", "reason_required", "position", "active")
        ],
    )
    op.bulk_insert(
        statuses,
        [
            {
                "code": code,
                "label_id": label,
                "label_en": english,
                "category": category,
                "look": look,
                "reason_required": reason,
                "position": place,
                "active": True,
            }
            for place, (code, label, english, category, look, reason) in enumerate(STATUSES, 1)
        ],
    )
    moves = sa.table(
        "status_move",
        sa.column("old"),
        sa.column("new"),
        sa.column("roles", ARRAY(sa.String)),
        sa.column("note_required"),
    )
    op.bulk_insert(
        moves, [{"old": old, "new": new, "roles": roles, "note_required": note} for old, new, roles, note in MOVES]
    )
    reasons = sa.table(
        "reason",
        *[sa.column(name) for name in ("status_code", "label_id", "label_en", "whose", "clock", "position", "active")],
    )
    op.bulk_insert(
        reasons,
        [
            {
                "status_code": status,
                "label_id": label,
                "label_en": english,
                "whose": whose,
                "clock": clock,
                "position": place,
                "active": True,
            }
            for place, (status, label, english, whose, clock) in enumerate(REASONS, 1)
        ],
    )
    op.execute("INSERT INTO bot_pause (id, until, reason) VALUES (1, '2000-01-01', '')")


def downgrade() -> None:
    for table in ("bot_pause", "reason", "status_move", "order_status", "order_type"):
        op.execute(sa.text(f"DELETE FROM {table}"))
