"""What every kind shares: the words that records are found by, and the answers that programs may ask for again."""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from central.db.metadata import Hash32, Key, Utc, metadata

# The full-text index over ``words`` is each engine's own (migration 0006).
record_search = Table(
    "record_search",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("company", Key(), nullable=False),
    Column("kind", Key(), nullable=False),
    Column("record", Key(), nullable=False),
    Column("words", Text, nullable=False),  # as ``reading.split_words`` splits them
    UniqueConstraint("company", "kind", "record"),
)

# What a program was answered under its Idempotency-Key.
api_request = Table(
    "api_request",
    metadata,
    Column("actor", Key(), primary_key=True),
    Column("key", Key(), primary_key=True),
    Column("digest", Hash32, nullable=False),  # of method, address and body
    Column("status", Integer, nullable=True),  # NULL while it is being worked out
    Column("headers", Text, nullable=True),
    Column("body", Text, nullable=True),
    Column("at", Utc, nullable=False, index=True),
)
