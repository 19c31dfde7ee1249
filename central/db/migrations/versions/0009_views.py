"""Saved views of lists, and what was done to many records at once, for as long as it can be taken back."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "list_view",
        *map(_key, ("company", "id", "kind", "owner", "key_name")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("company", "id", name="pk_list_view"),
        sa.UniqueConstraint("company", "kind", "owner", "key_name", name="uq_list_view_company_kind_owner_key_name"),
    )
    op.create_table(
        "list_undo",
        *map(_key, ("company", "id", "kind", "actor", "action")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("done", "others", "at")),
        sa.PrimaryKeyConstraint("company", "id", name="pk_list_undo"),
    )
    op.create_index("ix_list_undo_at", "list_undo", ["at"])


def _key(name: str) -> sa.Column[Any]:
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    return sa.Column(name, sa.Text(collation=collation), nullable=False)
