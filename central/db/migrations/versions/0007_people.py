"""The record of changes is looked through by who, what, record and days, each along an index in order of time."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_audit_company": ["company", "at", "id"],
    "ix_audit_subject": ["subject_kind", "subject", "at", "id"],
    "ix_audit_at": ["at", "id"],
    "ix_audit_who": ["actor_name", "at", "id"],
    "ix_audit_action": ["action", "at", "id"],
}


def upgrade() -> None:
    """Replace the two indexes that end with the id alone, and add those of the search."""
    op.drop_index("ix_audit_company", table_name="audit")
    op.drop_index("ix_audit_subject", table_name="audit")
    for name, columns in _INDEXES.items():
        op.create_index(name, "audit", columns, unique=False)
