"""What tills pull, as head office edits it. The feed holds each row once more in the form that tills read."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from central.db.metadata import JsonText, ScaledInt, Utc, metadata
from commerce.money import PRICE_SCALE

item = Table(
    "item",
    metadata,
    Column("company", Text, ForeignKey("company.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("names", JsonText, nullable=False),
    Column("sort_name", Text, nullable=False),  # case-folded name in the company's first language: lists and search
    Column("brand", Text, nullable=False),
    Column("size", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("vat_code", Text, nullable=False),
    Column("price", ScaledInt(PRICE_SCALE)),  # NULL: asked at the till
    Column("codes", JsonText, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
    UniqueConstraint("company", "sku"),
    Index("ix_item_list", "company", "sort_name", "id"),
)

# What items are found by. The full-text index over ``words`` is each engine's own (migration 0003).
item_search = Table(
    "item_search",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("company", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("words", Text, nullable=False),  # as ``values.search_words`` splits them
    UniqueConstraint("company", "item"),
)

item_code = Table(
    "item_code",
    metadata,
    Column("company", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Index("ix_item_code_item", "company", "item"),
)

vat_code = Table(
    "vat_code",
    metadata,
    Column("company", Text, ForeignKey("company.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("names", JsonText, nullable=False),
    Column("rates", JsonText, nullable=False),  # [["2013-10-01", "22.00"], …]
    Column("treatment", Text, nullable=False),
    Column("natura", Text),
    Column("receipt_code", Text),
    Column("is_default", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("company", "code"),
)

operator = Table(
    "operator",
    metadata,
    Column("company", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("pin_salt", Text, nullable=False),  # hex
    Column("pin_hash", Text, nullable=False),  # hex of argon2id's raw bytes; bound to a till's secret when served
    Column("pin_params", JsonText, nullable=False),
    Column("rights", JsonText, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_operator_id", "company", "id"),
)

# Who holds a company's items for a strict import, and for how long unless it goes on.
import_hold = Table(
    "import_hold",
    metadata,
    Column("company", Text, ForeignKey("company.id"), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Utc, nullable=False),
)

till_settings = Table(
    "till_settings",
    metadata,
    Column("company", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Column("settings", JsonText, nullable=False),
    Column("version", BigInteger, nullable=False),
)
