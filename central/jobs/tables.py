"""Jobs, what became of each row they went through, the files they made, and when scheduled ones come next."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from central.db.metadata import JsonText, Utc, metadata

job = Table(
    "job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),  # asked for twice, it is one job
    Column("label", Text, nullable=False),  # which one it is, among those of its kind
    Column("permission", Text, nullable=False),  # what it takes to see it
    Column("listed", Boolean, nullable=False),  # housekeeping is listed once it has failed
    Column("input", JsonText, nullable=False),
    Column("state", Text, nullable=False),
    Column(
        "free_at", Utc
    ),  # from when on a process may take it: when it is due, or its lease runs out; NULL once ended
    Column("owner", Text),  # the process and attempt that hold it
    Column("attempts", BigInteger, nullable=False),
    Column("most_attempts", BigInteger, nullable=False),
    Column("cancel_by", Text),  # who asked for its end
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("checkpoint", JsonText),  # from where the next attempt goes on
    Column("result", JsonText),
    Column("reason", Text),  # why it failed, last time
    Column("reason_values", JsonText),
    Column("file_name", Text),
    Column("file_type", Text),
    Column("file_bytes", BigInteger),
    Column("asked_by", Text),
    Column("asked_by_name", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("ended_at", Utc),
    UniqueConstraint("company", "kind", "key"),
    Index("ix_job_free_at", "free_at", "id"),
    Index("ix_job_company_listed", "company", "listed", "id"),
    Index("ix_job_listed", "listed", "id"),
    Index("ix_job_asked_by", "asked_by", "listed", "id"),
    Index("ix_job_ended_at", "ended_at", "id"),
)

job_row = Table(
    "job_row",
    metadata,
    Column("job", Text, ForeignKey("job.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # of the row in what was given
    Column("outcome", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what people know the row by
    Column("code", Text, nullable=False),  # why it was refused or warned of; "" where it was done
    Column("values", JsonText, nullable=False),
    Index("ix_job_row_outcome", "job", "outcome", "number"),
)

# In pieces, because several processes on several machines share nothing but the database.
job_file = Table(
    "job_file",
    metadata,
    Column("job", Text, ForeignKey("job.id"), primary_key=True),
    Column("piece", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

job_schedule = Table(
    "job_schedule",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", Utc, nullable=False),
)
