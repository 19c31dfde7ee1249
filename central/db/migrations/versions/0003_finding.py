"""Finding things among millions: words of items, and sales by every filter of their list."""

import json
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the words of items with their full-text index, and the indexes of sales."""
    op.create_table(
        "item_search",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_item_search"),
        sa.UniqueConstraint("company", "item", name="uq_item_search_company_item"),
    )
    statements = _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in statements:
        op.execute(statement)
    _fill()
    for name, columns in _SALE_INDEXES.items():
        op.create_index(name, "sale", columns, unique=False)


def _fill() -> None:
    connection = op.get_bind()
    query = sa.text("SELECT company, id, names, brand, size FROM item WHERE NOT deleted")
    words = sa.text("INSERT INTO item_search (company, item, words) VALUES (:company, :item, :words)")
    found = connection.execute(query).all()
    rows = [{"company": row.company, "item": row.id, "words": _words(row)} for row in found]
    if rows:
        connection.execute(words, rows)


def _words(row: sa.Row[Any]) -> str:
    text = " ".join((*json.loads(row.names).values(), row.brand, row.size))
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(dict.fromkeys(re.sub(r"[\W_]+", " ", plain.casefold()).split()))


# The words come as central splits them (lower case, no accents, letters and digits only), so both engines agree.
_POSTGRES = (
    "CREATE INDEX ix_item_search_words ON item_search"
    " USING gin (array_to_tsvector(string_to_array(words, ' '))) WITH (fastupdate = off)",
)
_SQLITE = (
    "CREATE VIRTUAL TABLE item_words USING fts5(words, content='item_search', content_rowid='number', prefix='2',"
    " detail=none, columnsize=0)",
    "CREATE TRIGGER item_search_added AFTER INSERT ON item_search BEGIN"
    " INSERT INTO item_words (rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER item_search_removed AFTER DELETE ON item_search BEGIN"
    " INSERT INTO item_words (item_words, rowid, words) VALUES ('delete', old.number, old.words); END",
)
_SALE_INDEXES = {
    "ix_sale_id": ["id"],
    "ix_sale_shop_day": ["shop", "business_day", "at"],
    "ix_sale_till_day": ["till", "business_day", "at"],
    "ix_sale_operator_day": ["company", "operator", "business_day", "at"],
    "ix_sale_number": ["company", "number"],
    "ix_sale_total": ["company", "total"],
}
