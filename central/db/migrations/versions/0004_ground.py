"""Durable readers of events, jobs with their results and schedules, the outbox."""

import sqlalchemy as sa
from alembic import op

from central.db.metadata import Xid8

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "event_reader",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("xid", Xid8().with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_event_reader"),
    )
    _create_jobs()
    _create_results()
    op.create_table(
        "outbox_message",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _MESSAGE),
        sa.Column("sent_at", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_message"),
        sa.UniqueConstraint("company", "channel", "key", name="uq_outbox_message_company_channel_key"),
    )
    op.create_index("ix_outbox_message_put_at", "outbox_message", ["put_at", "id"])


def _create_jobs() -> None:
    op.create_table(
        "job",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _JOB),
        *(sa.Column(name, sa.Text()) for name in _JOB_LATER),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("attempts", "most_attempts", "done")),
        *(sa.Column(name, sa.BigInteger()) for name in ("total", "file_bytes")),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("company", "kind", "key", name="uq_job_company_kind_key"),
    )
    for name, columns in _JOB_INDEXES.items():
        op.create_index(name, "job", columns)
    op.create_table(
        "job_schedule",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job_schedule"),
    )


def _create_results() -> None:
    op.create_table(
        "job_row",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("outcome", "subject", "code", "values")),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_job_row_job"),
        sa.PrimaryKeyConstraint("job", "number", name="pk_job_row"),
    )
    op.create_index("ix_job_row_outcome", "job_row", ["job", "outcome", "number"])
    op.create_table(
        "job_file",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("piece", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_job_file_job"),
        sa.PrimaryKeyConstraint("job", "piece", name="pk_job_file"),
    )


_JOB = ("id", "company", "kind", "key", "label", "permission", "input", "state", "asked_by_name", "asked_at")
_JOB_LATER = ("free_at", "owner", "cancel_by", "checkpoint", "result", "reason", "reason_values", "file_name",
              "file_type", "asked_by", "started_at", "ended_at")  # fmt: skip
_JOB_INDEXES = {
    "ix_job_free_at": ["free_at", "id"],
    "ix_job_company_listed": ["company", "listed", "id"],
    "ix_job_listed": ["listed", "id"],
    "ix_job_asked_by": ["asked_by", "listed", "id"],
    "ix_job_ended_at": ["ended_at", "id"],
}
_MESSAGE = ("id", "company", "channel", "key", "address", "subject", "content", "state", "answer", "put_at")
