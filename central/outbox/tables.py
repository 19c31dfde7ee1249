"""What is to leave the house, and what became of it."""

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint

from central.db.metadata import JsonText, Utc, metadata

outbox_message = Table(
    "outbox_message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=False),  # "" for all companies'
    Column("channel", Text, nullable=False),
    Column("key", Text, nullable=False),  # put twice, it is one message
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer", Text, nullable=False),  # what the other side said last
    Column("put_at", Utc, nullable=False),
    Column("sent_at", Utc),
    UniqueConstraint("company", "channel", "key"),
    Index("ix_outbox_message_put_at", "put_at", "id"),
)
