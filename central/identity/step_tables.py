"""The second step of signing in: what codes are made of, recovery codes, and sign-ins that wait for a code."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from central.db.metadata import Hash32, Utc, metadata

second_step = Table(
    "second_step",
    metadata,
    Column("user", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the secret (``identity.sealing``)
    Column("last_step", Integer, nullable=False),  # the newest half minute whose code was used
    Column("made_at", Utc, nullable=False),
    Column("used_at", Utc, nullable=True),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("code_hash", Hash32, primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("used_at", Utc, nullable=True),
)

# A secret that somebody is putting into their app: theirs only once they gave a code of it.
step_offer = Table(
    "step_offer",
    metadata,
    Column("holder", Hash32, primary_key=True),  # digest of the cookie: of a session, or of a sign-in that waits
    Column("user", Text, ForeignKey("app_user.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

pending_sign_in = Table(
    "pending_sign_in",
    metadata,
    Column("token_hash", Hash32, primary_key=True),  # SHA-256 of the cookie
    Column("user", Text, ForeignKey("app_user.id"), nullable=False, index=True),
    Column("device", Hash32, nullable=True),  # of the browser that gave the password: no other goes on with it
    Column("expires_at", Utc, nullable=False, index=True),
)

# Companies where everybody signs in with a code; "" stands for every company.
second_step_rule = Table(
    "second_step_rule",
    metadata,
    Column("company", Text, primary_key=True),
)
