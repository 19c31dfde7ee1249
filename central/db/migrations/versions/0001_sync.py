"""Company, shop and till; the tills' chains and raw entries; sales; the change feed."""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from central.db.home import home_of
from central.db.metadata import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    _create_organisation()
    _create_feed()
    _create_chains()
    _create_sales()


def _create_organisation() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_company"),
    )
    op.create_table(
        "shop",
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.Text(), server_default="04:00", nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["company.id"], name="fk_shop_company"),
        sa.PrimaryKeyConstraint("company", "id", name="pk_shop"),
    )
    op.create_table(
        "till",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company", "shop"], ["shop.company", "shop.id"], name="fk_till_company_shop"),
        sa.PrimaryKeyConstraint("id", name="pk_till"),
        sa.UniqueConstraint("company", "code", name="uq_till_company_code"),
    )


def _create_feed() -> None:
    xid = Xid8().with_variant(sa.BigInteger(), "sqlite")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE feed_position")
        op.execute("CREATE SEQUENCE event_position")
    op.create_table(
        "feed",
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Text()),
        sa.Column("xid", xid, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("company", "shop", "kind", "id", name="pk_feed"),
    )
    op.create_index("ix_feed_company_xid_position", "feed", ["company", "xid", "position"])
    op.create_table(
        "feed_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("last_xid", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed_state"),
    )
    op.create_table(
        "event",
        sa.Column("xid", xid, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("xid", "position", name="pk_event"),
    )
    names = ("id", "epoch", "home", "last_xid", "last_position", "last_event")
    state = sa.table("feed_state", *map(sa.column, names))
    fresh = {"id": 1, "epoch": uuid4().hex[:12], "home": home_of(op.get_bind())}
    op.execute(state.insert().values(**fresh, last_xid=0, last_position=0, last_event=0))


def _create_chains() -> None:
    op.create_table(
        "enrolment_code",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["till"], ["till.id"], name="fk_enrolment_code_till"),
        sa.PrimaryKeyConstraint("till", name="pk_enrolment_code"),
        sa.UniqueConstraint("code_hash", name="uq_enrolment_code_code_hash"),
    )
    op.create_table(
        "till_credential",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text()),
        sa.Column("revoked_why", sa.Text()),
        sa.ForeignKeyConstraint(["till"], ["till.id"], name="fk_till_credential_till"),
        sa.PrimaryKeyConstraint("till", "token_hash", name="pk_till_credential"),
    )
    op.create_index("ix_till_credential_token_hash", "till_credential", ["token_hash"], unique=True)
    op.create_table(
        "till_contact",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("last_contact_at", sa.Text(), nullable=False),
        sa.Column("heartbeat_at", sa.Text()),
        sa.Column("unsent", sa.BigInteger()),
        sa.Column("oldest_unsent_at", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("clock_offset_ms", sa.BigInteger()),
        sa.Column("devices", sa.Text()),
        sa.Column("chain", sa.Text()),
        sa.Column("seq", sa.BigInteger()),
        sa.ForeignKeyConstraint(["till"], ["till.id"], name="fk_till_contact_till"),
        sa.PrimaryKeyConstraint("till", name="pk_till_contact"),
    )
    op.create_table(
        "till_chain",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["till"], ["till.id"], name="fk_till_chain_till"),
        sa.PrimaryKeyConstraint("till", "chain", name="pk_till_chain"),
    )
    op.create_table(
        "till_chain_key",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("till", "chain", "seq", name="pk_till_chain_key"),
    )
    op.create_table(
        "projection_cursor",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("projected_seq", sa.BigInteger(), nullable=False),
        sa.Column("announced_seq", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("till", "chain", name="pk_projection_cursor"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("personal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("till", "chain", "seq", name="pk_ledger_entry"),
        sa.UniqueConstraint("id", name="uq_ledger_entry_id"),
    )
    op.create_table(
        "ledger_fork",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("personal", sa.LargeBinary()),
        sa.Column("problem", sa.Text()),
        sa.Column("next_key", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Text()),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("till", "chain", "seq", "hash", name="pk_ledger_fork"),
    )
    op.create_index("ix_ledger_fork_state", "ledger_fork", ["till", "state", "received_at", "chain", "seq", "hash"])
    op.create_table(
        "set_aside",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Text()),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("next_key", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("till", "chain", "seq", name="pk_set_aside"),
    )
    op.create_index("ix_set_aside_state", "set_aside", ["till", "state", "created_at", "chain", "seq"])
    op.create_table(
        "till_alarm",
        *_entry_key(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text()),
        sa.Column("seen_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("till", "chain", "seq", "hash", name="pk_till_alarm"),
    )
    op.create_index("ix_till_alarm_state", "till_alarm", ["till", "state", "at", "chain", "seq", "hash"])
    op.create_table(
        "alarm_seen",
        *_entry_key(),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("till", "chain", "seq", "hash", name="pk_alarm_seen"),
    )


def _entry_key() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )


def _create_sales() -> None:
    op.create_table(
        "sale",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("utc_offset", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("till_session", sa.Text()),
        sa.Column("operator", sa.Text()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_kind", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Text(), nullable=False),
        sa.Column("series_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("formatted", sa.Text(), nullable=False),
        sa.Column("pos_type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("vat_mode", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("deposits", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("rounding", sa.BigInteger(), nullable=False),
        sa.Column("excess", sa.BigInteger(), nullable=False),
        sa.Column("tendered", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("till", "id", name="pk_sale"),
    )
    op.create_index("ix_sale_day", "sale", ["company", "business_day", "at"])
    op.create_table(
        "sale_line",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("sale", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("item", sa.Text()),
        sa.Column("sku", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("total_origin", sa.Text(), nullable=False),
        sa.Column("price_origin", sa.Text(), nullable=False),
        sa.Column("vat_code", sa.Text(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("till", "sale", "position", name="pk_sale_line"),
    )
    op.create_table(
        "sale_tender",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("sale", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("till", "sale", "position", name="pk_sale_tender"),
    )
    op.create_table(
        "sale_tax",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("sale", sa.Text(), nullable=False),
        sa.Column("vat_code", sa.Text(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("natura", sa.Text()),
        sa.Column("taxable", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("till", "sale", "vat_code", name="pk_sale_tax"),
    )
    op.create_table(
        "sale_effect",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("till", "id", "chain", "seq", "hash", name="pk_sale_effect"),
    )
    op.create_index("ix_sale_effect_of", "sale_effect", ["till", "of"])
    op.create_table(
        "effect_outcome",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("till", "effect", "chain", "seq", "hash", name="pk_effect_outcome"),
    )
    op.create_table(
        "till_session",
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("drawer", sa.Text()),
        sa.Column("opening_cash", sa.BigInteger()),
        sa.Column("opened_at", sa.Text()),
        sa.Column("opened_by", sa.Text()),
        sa.Column("opened_hash", sa.LargeBinary()),
        sa.Column("closed_at", sa.Text()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("z_number", sa.BigInteger()),
        sa.Column("sales", sa.BigInteger()),
        sa.Column("total", sa.BigInteger()),
        sa.Column("expected_cash", sa.BigInteger()),
        sa.Column("counted_cash", sa.BigInteger()),
        sa.Column("over_short", sa.BigInteger()),
        sa.Column("z", sa.Text()),
        sa.Column("closed_hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("till", "id", name="pk_till_session"),
    )
    op.create_index("ix_till_session_day", "till_session", ["company", "business_day"])
