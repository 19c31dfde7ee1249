"""Files that were handed in to be imported, in pieces: several processes share nothing but the database."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "record_file",
        _key("id"),
        _key("company"),
        _key("kind"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "header", "samples", "mapping")),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_file"),
    )
    op.create_index("ix_record_file_at", "record_file", ["at"])
    op.create_table(
        "record_file_piece",
        _key("file"),
        sa.Column("piece", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file", "piece", name="pk_record_file_piece"),
    )


def _key(name: str) -> sa.Column[str]:
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    return sa.Column(name, sa.Text(collation=collation), nullable=False)
