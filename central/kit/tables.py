"""What every kind shares: the words that records are found by, saved views, what can be undone, and the answers that
programs may ask for again.
"""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from central.db.metadata import Hash32, JsonText, Key, Tick, Utc, metadata

# The full-text index over ``words`` is each engine's own (migration 0006).
record_search = Table(
    "record_search",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("company", Key(), nullable=False),
    Column("kind", Key(), nullable=False),
    Column("record", Key(), nullable=False),
    Column("words", Text, nullable=False),  # as ``reading.split_words`` splits them, behind a mark of kind and company
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

# An address of a list with a name.
list_view = Table(
    "list_view",
    metadata,
    Column("company", Key(), primary_key=True),
    Column("id", Key(), primary_key=True),
    Column("kind", Key(), nullable=False),
    Column("owner", Key(), nullable=False),  # "" for everybody's in the company
    Column("key_name", Key(), nullable=False),
    Column("name", Text, nullable=False),
    Column("query", JsonText(), nullable=False),
    Column("is_default", Tick(), nullable=False),
    UniqueConstraint("company", "kind", "owner", "key_name"),
)

# What was done to many records at once, for the seconds in which it can be taken back.
list_undo = Table(
    "list_undo",
    metadata,
    Column("company", Key(), primary_key=True),
    Column("id", Key(), primary_key=True),
    Column("kind", Key(), nullable=False),
    Column("actor", Key(), nullable=False),
    Column("action", Key(), nullable=False),
    Column("done", JsonText(), nullable=False),  # of each record: id, version, what of it was otherwise
    Column("others", JsonText(), nullable=False),  # title, code and values of why not
    Column("at", Utc, nullable=False, index=True),
)
