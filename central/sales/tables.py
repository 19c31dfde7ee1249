"""Sales as the tills' entries say them. Everything here is dropped and rebuilt from the entries by ``central rebuild``.

Amounts are minor units of the sale's currency. All rows but sessions are only ever inserted.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from central.db.metadata import Day, Hash32, JsonText, ScaledInt, Utc, metadata
from commerce.money import PRICE_SCALE, QUANTITY_SCALE, RATE_SCALE

sale = Table(
    "sale",
    metadata,
    Column("till", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("chain", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Hash32, nullable=False),  # tells an accepted fork's entry from the chain's own
    Column("at", Utc, nullable=False),
    Column("utc_offset", Text, nullable=False),
    Column("business_day", Day, nullable=False),
    Column("till_session", Text),
    Column("operator", Text),
    Column("document", Text, nullable=False),
    Column("document_kind", Text, nullable=False),
    Column("document_date", Day, nullable=False),
    Column("series_code", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("formatted", Text, nullable=False),
    Column("pos_type", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("vat_mode", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("deposits", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("rounding", BigInteger, nullable=False),
    Column("excess", BigInteger, nullable=False),
    Column("tendered", BigInteger, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Index("ix_sale_day", "company", "business_day", "at"),
    Index("ix_sale_id", "id"),
    Index("ix_sale_shop_day", "shop", "business_day", "at"),
    Index("ix_sale_till_day", "till", "business_day", "at"),
    Index("ix_sale_operator_day", "company", "operator", "business_day", "at"),
    Index("ix_sale_number", "company", "number"),
    Index("ix_sale_total", "company", "total"),
)

sale_line = Table(
    "sale_line",
    metadata,
    Column("till", Text, primary_key=True),
    Column("sale", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("movement", Text, nullable=False),
    Column("item", Text),
    Column("sku", Text),
    Column("code", Text),
    Column("names", JsonText, nullable=False),
    Column("quantity", ScaledInt(QUANTITY_SCALE), nullable=False),
    Column("unit", Text, nullable=False),
    Column("unit_price", ScaledInt(PRICE_SCALE), nullable=False),
    Column("amount", BigInteger, nullable=False),  # price × quantity
    Column("total", BigInteger, nullable=False),  # after the line's own discounts
    Column("paid", BigInteger, nullable=False),  # after promotions and discounts on the document
    Column("total_origin", Text, nullable=False),
    Column("price_origin", Text, nullable=False),
    Column("vat_code", Text, nullable=False),
    Column("vat_rate", ScaledInt(RATE_SCALE), nullable=False),
)

sale_tender = Table(
    "sale_tender",
    metadata,
    Column("till", Text, primary_key=True),
    Column("sale", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("names", JsonText, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("value", BigInteger, nullable=False),  # in the sale's currency
)

sale_tax = Table(
    "sale_tax",
    metadata,
    Column("till", Text, primary_key=True),
    Column("sale", Text, primary_key=True),
    Column("vat_code", Text, primary_key=True),
    Column("rate", ScaledInt(RATE_SCALE), nullable=False),
    Column("treatment", Text, nullable=False),
    Column("natura", Text),
    Column("taxable", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
)

# What a sale, or somebody later, asked of printer, drawer, fiscal register and card reader.
sale_effect = Table(
    "sale_effect",
    metadata,
    Column("till", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # an effect may be intended more than once
    Column("hash", Hash32, primary_key=True),  # a fork's entry has the same place
    Column("of", Text, nullable=False),  # sale or document
    Column("kind", Text, nullable=False),
    Index("ix_sale_effect_of", "till", "of"),
)

# What became of it; the outcome with the highest seq of the newest chain is the last word.
effect_outcome = Table(
    "effect_outcome",
    metadata,
    Column("till", Text, primary_key=True),
    Column("effect", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hash32, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("reference", JsonText),
    Column("at", Utc, nullable=False),
)

till_session = Table(
    "till_session",
    metadata,
    Column("till", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("business_day", Day, nullable=False),
    Column("currency", Text),
    Column("drawer", Text),
    Column("opening_cash", BigInteger),
    Column("opened_at", Utc),
    Column("opened_by", Text),
    Column("opened_hash", Hash32),  # of the entry; of two that say how a session began or ended, the later one counts
    Column("closed_at", Utc),
    Column("closed_by", Text),
    Column("z_number", BigInteger),
    Column("sales", BigInteger),
    Column("total", BigInteger),
    Column("expected_cash", BigInteger),
    Column("counted_cash", BigInteger),
    Column("over_short", BigInteger),
    Column("z", JsonText),  # the whole closing body
    Column("closed_hash", Hash32),
    Index("ix_till_session_day", "company", "business_day"),
)

PROJECTIONS = (sale, sale_line, sale_tender, sale_tax, sale_effect, effect_outcome, till_session)
