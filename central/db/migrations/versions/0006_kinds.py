"""Records of the kit's kinds, the words they are found by, and what programs were answered."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ALIVE = sa.text("gone = 0")


def upgrade() -> None:
    """Create them."""
    _create_shared()
    _create_reasons()
    _create_customers()


def _create_shared() -> None:
    op.create_table(
        "record_search",
        sa.Column("number", sa.Integer(), nullable=False),
        _key("company"),
        _key("kind"),
        _key("record"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_record_search"),
        sa.UniqueConstraint("company", "kind", "record", name="uq_record_search_company_kind_record"),
    )
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
    op.create_table(
        "api_request",
        _key("actor"),
        _key("key"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_api_request"),
    )
    op.create_index("ix_api_request_at", "api_request", ["at"])


def _create_reasons() -> None:
    fields = [_text("code"), _text("names"), _key("use"), _whole("asks_note")]
    keys = [_key("key_code"), _key("key_names"), sa.Column("key_use", sa.BigInteger(), nullable=False)]
    _create_kind("reason", fields, keys)
    for sort in ("code", "names", "use"):
        _index(f"ix_reason_by_{sort}", "reason", ["company", f"key_{sort}", "id", "use", "asks_note"])
    _unique("uq_reason_code", "reason", "key_code")


def _create_customers() -> None:
    texts = ("code", "name", "vat_number", "fiscal_code", "recipient_code", "pec", "street", "zip", "city", "province",
             "country", "iban", "note")  # fmt: skip
    ticks = ("keep_destinations", "by_order", "by_project", "no_accompanying", "group_deadlines", "net_credit_notes",
             "stopped")  # fmt: skip
    fields = [
        *map(_text, texts),
        *map(_key, ("language", "credit_control", "deadline_base")),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        _key("invoice_to", nullable=True),
        *map(_whole, ticks),
    ]
    keys = [_key(f"key_{name}") for name in ("name", "code", "city", "vat_number", "province")]
    _create_kind("customer", fields, keys)
    carried = ["key_city", "key_province", "stopped", "credit_control", "invoice_to"]
    for sort in ("name", "code", "city", "vat_number"):
        behind = [column for column in carried if column != f"key_{sort}"]
        _index(f"ix_customer_by_{sort}", "customer", ["company", f"key_{sort}", "id", *behind])
    _index("ix_customer_of_invoice_to", "customer", ["company", "invoice_to", "id"])
    _unique("uq_customer_code", "customer", "key_code")
    place = map(_text, ("name", "street", "zip", "city", "province", "country", "days"))
    _create_rows("customer_destinations", [*place, _whole("is_default"), _whole("excluded")])
    _create_rows("customer_contacts", [*map(_text, ("name", "role", "phone", "mail", "documents"))])
    days = [sa.Column(name, sa.Text(), nullable=True) for name in ("since", "until")]
    _create_rows("customer_locks", [*days, _text("what"), _whole("authorise")])


def _create_rows(name: str, fields: list[sa.Column[Any]]) -> None:
    op.create_table(
        name,
        *map(_key, ("company", "record", "id")),
        _whole("position"),
        *fields,
        sa.PrimaryKeyConstraint("company", "record", "id", name=f"pk_{name}"),
    )


def _create_kind(name: str, fields: list[sa.Column[Any]], keys: list[sa.Column[Any]]) -> None:
    op.create_table(
        name,
        _key("company"),
        _key("id"),
        *fields,
        *keys,
        sa.Column("version", sa.BigInteger(), nullable=False),
        _whole("gone"),
        _text("changed_at"),
        sa.PrimaryKeyConstraint("company", "id", name=f"pk_{name}"),
    )


def _key(name: str, nullable: bool = False) -> sa.Column[Any]:
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    return sa.Column(name, sa.Text(collation=collation), nullable=nullable)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _index(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, sqlite_where=_ALIVE, postgresql_where=_ALIVE)


def _unique(name: str, table: str, column: str) -> None:
    filled = sa.text(f"gone = 0 AND {column} <> ''")
    op.create_index(name, table, ["company", column], unique=True, sqlite_where=filled, postgresql_where=filled)


# As ``item_search``: the words come as central splits them, so both engines agree.
_POSTGRES = (
    "CREATE INDEX ix_record_search_words ON record_search"
    " USING gin (array_to_tsvector(string_to_array(words, ' '))) WITH (fastupdate = off)",
)
_SQLITE = (
    "CREATE VIRTUAL TABLE record_words USING fts5(words, content='record_search', content_rowid='number', prefix='2',"
    " detail=none, columnsize=0)",
    "CREATE TRIGGER record_search_added AFTER INSERT ON record_search BEGIN"
    " INSERT INTO record_words (rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER record_search_removed AFTER DELETE ON record_search BEGIN"
    " INSERT INTO record_words (record_words, rowid, words) VALUES ('delete', old.number, old.words); END",
)
