"""The one MetaData that every area's tables register on, and the column types that both engines store alike.

A value's storage form is the same text, integer or bytes on SQLite and PostgreSQL, so that bulk writers can hand rows
over without the ORM. There is no Numeric anywhere: SQLite would keep it as REAL.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, Text, TypeDecorator
from sqlalchemy.types import TypeEngine, UserDefinedType

from commerce.dates import parse_utc, utc_text
from commerce.money import scaled, unscaled

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Key(TypeDecorator[str]):
    """Text that lists sort and pages go on by: compared byte by byte on both engines, whatever a server's language."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the storage type; SQLite compares so by itself."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


class Tick(TypeDecorator[bool]):
    """Yes or no; stored as 1 or 0, so that a condition of an index reads alike on both engines."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """Return the storage form."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """Return yes or no."""
        return None if value is None else bool(value)


class Utc(TypeDecorator[datetime]):
    """An aware time; stored as ``commerce.dates.utc_text``, which sorts by time."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Return the storage form."""
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Return the aware time."""
        return None if value is None else parse_utc(value)


class Day(TypeDecorator[date]):
    """A calendar date; stored as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """Return the storage form."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """Return the date."""
        return None if value is None else date.fromisoformat(value)


class ScaledInt(TypeDecorator[Decimal]):
    """A Decimal of fixed scale; stored as value · 10**scale."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Return the storage form; BadInputError for more decimals than the scale."""
        return None if value is None else scaled(value, self.scale)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the Decimal with its whole scale."""
        return None if value is None else unscaled(value, self.scale)


class JsonText(TypeDecorator[Any]):
    """JSON; stored as orjson's text, never as an engine's own JSON type."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the storage form."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - it is JSON
        """Return what the text holds."""
        return None if value is None else orjson.loads(value)


class Hash32(LargeBinary):
    """32 raw bytes of SHA-256 or of a key."""


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64 bit transaction id; a whole number on SQLite."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name on PostgreSQL."""
        return "xid8"


def json_text(value: object) -> str:
    """Return JSON as these columns store it."""
    return orjson.dumps(value).decode()
