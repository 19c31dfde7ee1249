"""The registries that are made from declarations, and what customers have besides; means of payment are one of them.

A key column stands for each order, a unique index for the code; what a list is narrowed by is carried by each index.
"""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """The columns of a table by their types, names with blanks between them."""

    texts: str = ""
    days: str = ""
    keys: str = ""
    refs: str = ""
    ticks: str = ""
    numbers: str = ""
    numbers_kept: str = ""

    def columns(self) -> list[sa.Column[Any]]:
        """Return them."""
        kinds = ((self.texts, sa.Text(), False), (self.days, sa.Text(), True), (self.keys, _key(), False),
                 (self.refs, _key(), True), (self.ticks, sa.Integer(), False), (self.numbers, sa.BigInteger(), True),
                 (self.numbers_kept, sa.BigInteger(), False))  # fmt: skip
        return [sa.Column(name, form, nullable=null) for names, form, null in kinds for name in names.split()]


@dataclass(frozen=True, kw_only=True)
class Table(_Fields):
    """A kind's own table."""

    name: str
    sorts: str = ""
    carried: str = ""
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Rows(_Fields):
    """A table of rows that records of a kind have."""

    name: str
    of: str = ""


def upgrade() -> None:
    """Create them, and give those roles suppliers that have customers."""
    op.drop_table("tender_type")
    for table in _TABLES:
        _create_kind(table) if isinstance(table, Table) else _create_rows(table)
    _extend_customers()
    _give_suppliers()


def _create_kind(table: Table) -> None:
    op.create_table(
        table.name,
        *_ids("company", "id"),
        *table.columns(),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company", "id", name=f"pk_{table.name}"),
    )
    alive = sa.text("gone = 0")
    carried = table.carried.split()
    for sort in table.sorts.split():
        behind = [name for name in carried if name != f"key_{sort}"]
        columns = ["company", f"key_{sort}", "id", *behind]
        op.create_index(f"ix_{table.name}_by_{sort}", table.name, columns, sqlite_where=alive, postgresql_where=alive)
    for name in table.of.split():
        _index_of(table.name, name)
    filled = sa.text("gone = 0 AND key_code <> ''")
    op.create_index(f"uq_{table.name}_code", table.name, ["company", "key_code"], unique=True, sqlite_where=filled,
                    postgresql_where=filled)  # fmt: skip


def _index_of(table: str, name: str) -> None:
    alive = sa.text("gone = 0")
    columns = ["company", name, "id"]
    op.create_index(f"ix_{table}_of_{name}", table, columns, sqlite_where=alive, postgresql_where=alive)


def _create_rows(table: Rows) -> None:
    op.create_table(
        table.name,
        *_ids("company", "record", "id"),
        sa.Column("position", sa.Integer(), nullable=False),
        *table.columns(),
        sa.PrimaryKeyConstraint("company", "record", "id", name=f"pk_{table.name}"),
    )
    for name in table.of.split():
        op.create_index(f"ix_{table.name}_of_{name}", table.name, ["company", name])


def _extend_customers() -> None:
    for column in _CUSTOMER.columns():
        _add("customer", column)
    for name in _CUSTOMER.refs.split():
        _index_of("customer", name)
    for name in ("recipient", "hours", "zone", "carrier", "vehicle"):
        _add("customer_destinations", sa.Column(name, sa.Text(), nullable=False))


def _add(table: str, column: sa.Column[Any]) -> None:
    """Add a column to records that stand: the currency is the euro, and all are known at the tills."""
    standing = {"currency": "EUR", "at_tills": "1"}
    column.server_default = None if column.nullable else sa.DefaultClause(standing.get(column.name, ""))
    op.add_column(table, column)


def _give_suppliers() -> None:
    role = sa.table("role", sa.column("id", sa.Text()), sa.column("rights", sa.Text()))
    for row in op.get_bind().execute(sa.select(role)).all():
        rights = set(json.loads(row.rights))
        more = {f"suppliers.{one.partition('.')[2]}" for one in rights if one.startswith("customers.")}
        if more:
            values = json.dumps(sorted(rights | more))
            op.execute(role.update().where(role.c.id == row.id).values(rights=values))


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, _key(), nullable=False) for name in names]


def _key() -> sa.Text:
    return sa.Text(collation="C" if op.get_bind().dialect.name == "postgresql" else None)


_CUSTOMER = _Fields(texts="account zone currency category commission shipping packing", keys="carriage",
                    ticks="at_tills", refs="payment_type payment_solution")  # fmt: skip
_TABLES: tuple[Table | Rows, ...] = (
    Table(name="brand", texts="code name maker note", keys="key_name key_code key_maker", sorts="name code maker"),
    Table(name="category", texts="code names", refs="parent", keys="key_code key_names", sorts="code names",
          carried="parent", of="parent"),
    Table(name="unit_of_measure", texts="code names", numbers="decimals factor", refs="base", keys="key_code key_names",
          sorts="code names", carried="base", of="base"),
    Table(name="pos_type", texts="code names series vat_code rounding_vat", keys="makes key_code key_names",
          ticks="proposed gross on_account unloads needs_register shows_variants",
          refs=("note category turnover_type warehouse stock_reason payment_type payment_solution "
                "accounting_reason rounding_unit"), numbers_kept="key_makes", sorts="code names makes",
          carried="makes proposed on_account warehouse",
          of=("warehouse note category turnover_type stock_reason payment_type payment_solution accounting_reason "
              "rounding_unit")),
    Table(name="tender_type", texts="code names reader", keys="kind key_code key_names", ticks="opens_drawer",
          numbers="place", numbers_kept="key_place", sorts="place code names", carried="kind opens_drawer"),
    Table(name="receipt_layout", texts="code names header footer", keys="key_code key_names", sorts="code names"),
    Table(name="quick_key_page", texts="code names", numbers="across", keys="key_code key_names", sorts="code names"),
    Rows(name="quick_key_page_keys", texts="names sku", refs="category", keys="colour", of="category"),
    Table(name="document_type", texts="code names series", keys="makes key_code key_names",
          ticks=("proposed gross auto_confirm printed_is_fixed ignores_locks asks_stock keeps_lines_apart "
                 "customers_only"), numbers="copies",
          refs="note warehouse stock_reason accounting_reason delivery_type invoice_type", numbers_kept="key_makes",
          sorts="code names makes", carried="makes proposed warehouse",
          of="warehouse note stock_reason accounting_reason delivery_type invoice_type"),
    Table(name="coded_note", texts="code names italian english", keys="stands key_code key_names",
          numbers_kept="key_stands", sorts="code names stands", carried="stands"),
    Table(name="warehouse", texts="code name street zip city province country", keys="whose key_code key_name key_city",
          ticks="may_go_negative closed", sorts="code name city", carried="whose closed"),
    Table(name="stock_reason", texts="code names", keys="way key_code key_names", ticks="valued",
          numbers_kept="key_way", sorts="code names way", carried="way valued"),
    Table(name="factory_calendar", texts="code names closed_on", ticks="proposed holidays", keys="key_code key_names",
          sorts="code names", carried="proposed"),
    Rows(name="factory_calendar_closures", texts="name", days="since until", ticks="yearly works"),
    Table(name="payment_type", texts="code names", keys="method key_code key_names",
          numbers="charge line_discount financial_discount", ticks="makes_bills", numbers_kept="key_method",
          sorts="code names method", carried="method makes_bills"),
    Table(name="payment_solution", texts="code names", keys="key_code key_names", sorts="code names"),
    Rows(name="payment_solution_instalments", numbers="of_taxable of_vat of_charges days more_days",
         ticks="commercial month_end week_end"),
    Table(name="turnover_type", texts="code names account", keys="key_code key_names key_account",
          sorts="code names account"),
    Table(name="accounting_reason", texts="code names account", keys="vat_register key_code key_names",
          numbers_kept="key_vat_register", sorts="code names vat_register",
          carried="vat_register"),
    Table(name="supplier",
          texts="code name vat_number fiscal_code pec street zip city province country iban our_number note",
          keys="language key_name key_code key_city key_vat_number", refs="payment_type payment_solution",
          numbers="least_order delivery_days", ticks="stopped", sorts="name code city vat_number",
          carried="key_city stopped payment_type", of="payment_type payment_solution"),
    Rows(name="supplier_addresses", texts="name street zip city province country", keys="used_for"),
    Rows(name="supplier_contacts", texts="name role phone mail documents"),
    Rows(name="customer_owners", texts="name fiscal_code", numbers="share"),
    Rows(name="customer_excluded_months", keys="month to_month", numbers="to_day"),
)  # fmt: skip
