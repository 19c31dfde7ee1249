"""People and programs that sign in, what they hold open, and what they changed."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, false

from central.db.metadata import Hash32, JsonText, Utc, metadata

app_user = Table(
    "app_user",
    metadata,
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=True),  # who answers for the account; NULL: nobody's in particular
    Column("name", Text, nullable=False, unique=True),  # case-folded; what is typed at sign-in
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("mail", Text, nullable=True),  # where news of the account go
)

role = Table(
    "role",
    metadata,
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=True),  # NULL: of the whole installation, given in any company
    Column("names", JsonText, nullable=False),  # {"it": …, "en": …}
    Column("everything", Boolean, nullable=False),  # all there is and will be, whatever ``rights`` says
    Column("rights", JsonText, nullable=False),  # sorted names of permissions, such as "items.edit"
    Column("version", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("needs_step", Boolean, nullable=False, server_default=false()),  # who has it signs in with a code
)

# Who has which role where: "" stands for every company, or every shop of one.
user_role = Table(
    "user_role",
    metadata,
    Column("user", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("role", Text, ForeignKey("role.id"), primary_key=True),
    Column("company", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Index("ix_user_role_role", "role"),
    Index("ix_user_role_company", "company", "user"),
)

user_session = Table(
    "user_session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", Hash32, nullable=False, unique=True),  # SHA-256 of the cookie
    Column("user", Text, ForeignKey("app_user.id"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=True),
    Column("device", Hash32, nullable=True, index=True),  # SHA-256 of the browser's own long-lived cookie
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)
_NOT_ENDED = user_session.c.ended_at.is_(None)
Index("ix_user_session_open", user_session.c.seen_at, user_session.c.id, sqlite_where=_NOT_ENDED,
      postgresql_where=_NOT_ENDED)  # fmt: skip
Index("ix_user_session_open_user", user_session.c.user, user_session.c.seen_at, user_session.c.id,
      sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED)  # fmt: skip

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", Hash32, nullable=False, unique=True),
    Column("user", Text, ForeignKey("app_user.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("revoked_at", Utc, nullable=True),
    Column("used_at", Utc, nullable=True),
    Column("used_from", Text, nullable=True),  # address
    Column("used_by", Text, nullable=True),  # what the program calls itself
)

# Secrets on their way to the page that shows them once, sealed under the session's cookie.
shown_once = Table(
    "shown_once",
    metadata,
    Column("session", Hash32, primary_key=True),  # SHA-256 of the cookie, as in ``user_session``
    Column("place", Text, primary_key=True),  # path of the page
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

sign_in_delay = Table(
    "sign_in_delay",
    metadata,
    Column("key", Text, primary_key=True),  # "user:anna" or "address:10.0.0.7"
    Column("failures", Integer, nullable=False),
    Column("next_at", Utc, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),  # UUIDv7: sorts by time
    Column("company", Text, nullable=True),
    Column("at", Utc, nullable=False),
    Column("actor", Text, nullable=True),  # user id; NULL for the command line
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=True),
    Column("change", JsonText, nullable=False),  # {"field": [before, after]}
    Index("ix_audit_at", "at", "id"),
    Index("ix_audit_company", "company", "at", "id"),
    Index("ix_audit_subject", "subject_kind", "subject", "at", "id"),
    Index("ix_audit_who", "actor_name", "at", "id"),
    Index("ix_audit_action", "action", "at", "id"),
)
