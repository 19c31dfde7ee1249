"""What central holds of its tills: credentials, chains and the raw entries, which are never changed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from central.db.metadata import Hash32, JsonText, Utc, metadata

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("till", Text, ForeignKey("till.id"), primary_key=True),  # a new code replaces the one before
    Column("code_hash", Hash32, nullable=False, unique=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

# Every enrolment of a till; all but the last are revoked. Their keys still prove what their chains say.
till_credential = Table(
    "till_credential",
    metadata,
    Column("till", Text, ForeignKey("till.id"), primary_key=True),
    Column("token_hash", Hash32, primary_key=True),
    Column("secret", Hash32, nullable=False),  # binds PIN verifiers to the till; as precious as the token
    Column("public_key", Hash32, nullable=False),
    Column("app_version", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Column("revoked_why", Text),
    Index("ix_till_credential_token_hash", "token_hash", unique=True),
)

till_contact = Table(
    "till_contact",
    metadata,
    Column("till", Text, ForeignKey("till.id"), primary_key=True),
    Column("last_contact_at", Utc, nullable=False),
    Column("heartbeat_at", Utc),
    Column("unsent", BigInteger),
    Column("oldest_unsent_at", Utc),
    Column("version", Text),
    Column("clock_offset_ms", BigInteger),
    Column("devices", JsonText),  # commerce.wire.DeviceStatus, each
    Column("chain", Text),
    Column("seq", BigInteger),
)

# The head of each chain; its row is locked while a push of the chain is stored.
till_chain = Table(
    "till_chain",
    metadata,
    Column("till", Text, ForeignKey("till.id"), primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Hash32, nullable=False),
    Column("mode", Text, nullable=False),
    Column("public_key", Hash32, nullable=False),
    Column("opened_at", Utc, nullable=False),
)

# Which key signs a chain's entries from which sequence on: every rotation adds one.
till_chain_key = Table(
    "till_chain_key",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("public_key", Hash32, nullable=False),
)

# How far each chain is projected; a row of its own, so that projecting never holds up a push.
projection_cursor = Table(
    "projection_cursor",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("projected_seq", BigInteger, nullable=False),
    Column("announced_seq", BigInteger, nullable=False),  # events up to here went out; a rebuild repeats none
    Column("revision", BigInteger, nullable=False),  # what was read under another one is not stored
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hash32, nullable=False),  # of the header as it is stored here
    Column("id", LargeBinary, unique=True),  # the header's UUID as 16 bytes; NULL where it is none or another's
    Column("kind", Text, nullable=False),  # "" when the header is unreadable
    Column("at", Text, nullable=False),  # as the header says it
    Column("received_at", Utc, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("personal", LargeBinary),
)

# Another entry under an identity that was taken. state: open, accepted (its sale counts beside the other), dismissed
ledger_fork = Table(
    "ledger_fork",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hash32, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("personal", LargeBinary),
    Column("problem", Text),  # what did not hold when it arrived, as a stable code
    Column("next_key", Hash32),  # which key signs what follows it in its own history; NULL where that is not held
    Column("state", Text, nullable=False),
    Column("resolved_at", Utc),
    Column("resolved_by", Text),
    Column("note", Text),
    # every page of tills counts those that wait, and a till's page lists them
    Index("ix_ledger_fork_state", "till", "state", "received_at", "chain", "seq", "hash"),
)

# What tills noticed and a person must see: made of entries, dropped and made again by a rebuild.
till_alarm = Table(
    "till_alarm",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hash32, primary_key=True),  # an accepted fork has the place of another entry
    Column("code", Text, nullable=False),  # commerce.bodies.alarm.AlarmCode
    Column("subject", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", Text, nullable=False),  # open, or seen as ``alarm_seen`` says, whose words are repeated here
    Column("seen_at", Utc),
    Column("seen_by", Text),
    Column("note", Text),
    Index("ix_till_alarm_state", "till", "state", "at", "chain", "seq", "hash"),
)

# Who saw an alarm; a table of its own, because a rebuild forgets no decision.
alarm_seen = Table(
    "alarm_seen",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hash32, primary_key=True),
    Column("seen_at", Utc, nullable=False),
    Column("seen_by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

# Stored entries that are not projected and why. state: open, projected (retried with success), dismissed
set_aside = Table(
    "set_aside",
    metadata,
    Column("till", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),  # a stable code
    Column("created_at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("resolved_at", Utc),
    Column("resolved_by", Text),
    Column("note", Text),
    Column("next_key", Hash32),  # as a fork has it, for what goes on beside the chain
    Index("ix_set_aside_state", "till", "state", "created_at", "chain", "seq"),
)
