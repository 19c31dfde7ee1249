"""Who owns what: company, its shops, their tills."""

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Table, Text, UniqueConstraint

from central.db.metadata import JsonText, Utc, metadata

company = Table(
    "company",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("tax_id", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
)

shop = Table(
    "shop",
    metadata,
    Column("company", Text, ForeignKey("company.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),  # IANA
    Column("languages", JsonText, nullable=False),  # list of codes, the first is the default
    Column("address", JsonText, nullable=False),  # list of lines
    Column("cut_off", Text, nullable=False, server_default="04:00"),
    Column("created_at", Utc, nullable=False),
)

till = Table(
    "till",
    metadata,
    Column("id", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("code", Text, nullable=False),  # short, starts its numbering series
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),  # of its chains: live, training, demo, replay
    Column("created_at", Utc, nullable=False),
    ForeignKeyConstraint(["company", "shop"], ["shop.company", "shop.id"]),
    UniqueConstraint("company", "code"),
)
