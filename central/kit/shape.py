"""What every field has: how a value is stored, read from what people type, shown, sorted, filtered and said in JSON.

A shape never decides: it holds limits, and what needs an ``if`` is the kind's ``check``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import Field
from sqlalchemy import Text
from sqlalchemy.types import TypeEngine

from central.kit.reading import clean
from central.kit.showing import Showing
from commerce.errors import BadInputError

Inputs = Mapping[str, str]  # what people typed into a field, by the part of it; "" is the whole
Fault = tuple[str, dict[str, object]]
Value = Any  # each shape has its own


class DeclarationError(TypeError):
    """A declaration that names what is not there, or cannot be served by an index."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a filter keeps: from ``low`` to ``high``, both included; None is open. Both the same is equality."""

    low: object
    high: object

    @property
    def exact(self) -> bool:
        """Tell whether it keeps one value only."""
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What all fields have; ``titles`` are what imports call it besides its label."""

    label: str
    hint: str = ""
    needed: bool = False
    titles: tuple[str, ...] = ()

    widget: ClassVar[str] = "text"
    empty: ClassVar[Value] = ""
    nullable: ClassVar[bool] = False
    stored: ClassVar[TypeEngine[Any]] = Text()
    key_type: ClassVar[TypeEngine[Any] | None] = None  # None: it cannot be sorted by
    filter_by_key: ClassVar[bool] = False
    said_as: ClassVar[Any] = str  # its type in JSON
    align: ClassVar[str] = ""  # class of its cells

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts of its input; "" is the whole."""
        return ("",)

    @property
    def column_type(self) -> TypeEngine[Any]:
        """Return the type of its column."""
        return self.stored

    @property
    def schema(self) -> dict[str, Any]:
        """Return what its documentation says besides the type; the service refuses, with its own sentence."""
        return {}

    @property
    def asked(self) -> dict[str, Any]:
        """Return what the documentation says of a filter by it; "" is none."""
        return {}

    @property
    def annotation(self) -> Any:  # noqa: ANN401
        """Return its type in JSON with the documentation."""
        return Annotated[self.said_as, Field(json_schema_extra=self.schema)]

    def key(self, value: Value) -> str | int:
        """Return what it is sorted by: never NULL, nothing first."""
        raise NotImplementedError

    def read(self, typed: Inputs) -> Value:
        """Return the value of what people typed; BadInputError for what is none."""
        return self.heard(clean(typed.get("", "")))

    def typed(self, value: Value, language: str) -> dict[str, str]:
        """Return what people would have typed: ``read`` gives the value again."""
        return {"": self.said(value) or ""}

    def shown(self, value: Value, showing: Showing) -> str:
        """Return it as people read it, "" for nothing."""
        return str(value)

    def said(self, value: Value) -> Any:  # noqa: ANN401
        """Return it as JSON has it."""
        return value

    def heard(self, said: Any) -> Value:  # noqa: ANN401
        """Return the value that JSON of ``annotation`` means; BadInputError where it is none."""
        return said

    def faults(self, value: Value) -> Iterator[Fault]:
        """Yield what about a value goes beyond the field's limits."""
        if self.needed and value == self.empty:
            yield "field.needed", {}

    def words(self, value: Value) -> Iterable[str]:
        """Return what it can be found by."""
        return ()

    def narrow(self, text: str) -> Narrow:
        """Return what a filter's text keeps; BadInputError ``list.filter``."""
        raise BadInputError("list.filter", value=text[:40])


@dataclass(frozen=True, kw_only=True)
class RowsShape(Shape):
    """Rows of a card of their own, each with an ``id`` that stays."""

    card: type
    most: int = 50

    widget: ClassVar[str] = "rows"
    empty: ClassVar[Value] = ()

    @property
    def shapes(self) -> dict[str, Shape]:
        """Return the shapes of a row's fields, without its id."""
        return shapes_of(self.card)


@dataclass(frozen=True, kw_only=True)
class IdShape(Shape):
    """The id of a row; "" for a new one."""


@cache
def shapes_of(card: type) -> dict[str, Shape]:
    """Return the shapes of a card's fields, in order; those of a row without its id."""
    found = {one.name: one.metadata.get("shape") for one in fields(card)}
    missing = [name for name, shape in found.items() if not isinstance(shape, Shape)]
    if missing:
        raise DeclarationError(f"{card.__name__}: no shape for {', '.join(missing)}")
    return {name: shape for name, shape in found.items() if isinstance(shape, Shape) and not isinstance(shape, IdShape)}
