"""Tables of the change feed, of events and of who reads them."""

from sqlalchemy import BigInteger, Column, Index, Integer, Sequence, Table, Text

from central.db.metadata import JsonText, Utc, Xid8, metadata

COMPANY_WIDE = ""  # stands in ``shop`` for rows that every shop of the company needs

feed_position = Sequence("feed_position", metadata=metadata)  # PostgreSQL only; SQLite counts in feed_state
event_position = Sequence("event_position", metadata=metadata)

# The newest state of every registry row that tills pull; a deleted one stays as a tombstone with row NULL.
feed = Table(
    "feed",
    metadata,
    Column("company", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("row", JsonText),
    Column("xid", Xid8().with_variant(BigInteger(), "sqlite"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Index(None, "company", "xid", "position"),
)

feed_state = Table(
    "feed_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("epoch", Text, nullable=False),
    Column("home", Text, nullable=False),  # which database of which cluster counts these transactions; "" on SQLite
    Column("last_xid", BigInteger, nullable=False),  # SQLite only
    Column("last_position", BigInteger, nullable=False),
    Column("last_event", BigInteger, nullable=False),
)

# What happened, for live pages and later readers; written in the transaction of the change itself.
event = Table(
    "event",
    metadata,
    Column("xid", Xid8().with_variant(BigInteger(), "sqlite"), primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("company", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

# How far each durable reader has come: moved in the transaction of what it did about the events.
event_reader = Table(
    "event_reader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("xid", Xid8().with_variant(BigInteger(), "sqlite"), nullable=False),
    Column("position", BigInteger, nullable=False),
)
