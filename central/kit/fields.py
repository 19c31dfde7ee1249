"""Shapes of fields: how a value is stored, read from what people type, shown, sorted, filtered and said in JSON.

A card is a frozen dataclass whose fields are made by the functions below. A shape never decides: it holds limits, and
what needs an ``if`` is the kind's ``check``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import BigInteger, Text
from sqlalchemy.types import TypeEngine

from central.db.metadata import Day, JsonText, Key, ScaledInt, Tick
from central.kit.reading import clean, fold, read_day, read_number, read_range
from central.kit.showing import Showing
from commerce.errors import BadInputError
from commerce.money import fixed, scaled
from commerce.texts import LANGUAGES

MOST_KEY = 120  # of a key's characters: an index takes no longer ones
_NOTHING = -(2**62)  # sorts before every number
NAMED_FIRST = ("it", "en")  # names are sorted by the first of these that they have
Inputs = Mapping[str, str]  # what people typed into a field, by the part of it; "" is the whole
Fault = tuple[str, dict[str, object]]


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
    parts: ClassVar[tuple[str, ...]] = ("",)  # of its inputs
    empty: ClassVar[object] = ""
    nullable: ClassVar[bool] = False
    key_type: ClassVar[TypeEngine[Any] | None] = None  # None: it cannot be sorted by
    filter_by_key: ClassVar[bool] = False
    align: ClassVar[str] = ""  # class of its cells

    def column_type(self) -> TypeEngine[Any]:
        """Return the type of its column."""
        return Text()

    def annotation(self) -> Any:  # noqa: ANN401 - whatever pydantic takes
        """Return its type in JSON."""
        return str

    def key(self, value: Any) -> str | int:  # noqa: ANN401 - each shape has its own values
        """Return what it is sorted by: never NULL."""
        raise NotImplementedError

    def read(self, typed: Inputs, language: str) -> Any:  # noqa: ANN401
        """Return the value of what people typed; BadInputError for what is none."""
        return clean(typed.get("", ""))

    def typed(self, value: Any, language: str) -> dict[str, str]:  # noqa: ANN401
        """Return what people would have typed: ``read`` gives the value again."""
        return {"": str(value)}

    def shown(self, value: Any, showing: Showing) -> str:  # noqa: ANN401
        """Return it as people read it, "" for nothing."""
        return str(value)

    def said(self, value: Any) -> Any:  # noqa: ANN401
        """Return it as JSON has it."""
        return value

    def heard(self, said: Any) -> Any:  # noqa: ANN401
        """Return the value that JSON of ``annotation`` means; BadInputError where it is none."""
        return said

    def faults(self, value: Any) -> Iterator[Fault]:  # noqa: ANN401
        """Yield what about a value goes beyond the field's limits."""
        if self.needed and value == self.empty:
            yield "field.needed", {}

    def words(self, value: Any) -> Iterator[str]:  # noqa: ANN401
        """Yield what it can be found by."""
        yield from ()

    def narrow(self, text: str) -> Narrow:
        """Return what a filter's text keeps; BadInputError ``list.filter``."""
        raise BadInputError("list.filter", value=text[:40])


@dataclass(frozen=True, kw_only=True)
class TextShape(Shape):
    """One line of text."""

    most: int = 200
    letters: str = ""  # "upper": kept in capitals, as codes are

    long: ClassVar[bool] = False
    key_type: ClassVar[TypeEngine[Any] | None] = Key()
    filter_by_key: ClassVar[bool] = True

    def annotation(self) -> Any:  # noqa: ANN401
        """Say the limit in the documentation; the service refuses, with its own sentence."""
        return _documented(str, maxLength=self.most)

    def read(self, typed: Inputs, language: str) -> str:
        """Without what surrounds it."""
        text = clean(typed.get("", ""), lines=self.long)
        return text.upper() if self.letters == "upper" else text

    def heard(self, said: str) -> str:
        """As if it had been typed."""
        return self.read({"": said}, "")

    def key(self, value: str) -> str:
        """Sorted without case and accents."""
        return fold(value)[:MOST_KEY]

    def faults(self, value: str) -> Iterator[Fault]:
        """Too long, or with characters that no text has."""
        yield from super().faults(value)
        if len(value) > self.most:
            yield "field.long", {"most": self.most}
        if not all(char.isprintable() or (self.long and char == "\n") for char in value):
            yield "field.characters", {}

    def words(self, value: str) -> Iterator[str]:
        """The text itself."""
        yield value

    def narrow(self, text: str) -> Narrow:
        """What begins so."""
        begins = fold(text)[:MOST_KEY]
        return Narrow(begins, begins + "\U0010ffff")


@dataclass(frozen=True, kw_only=True)
class LongTextShape(TextShape):
    """Several lines of text."""

    widget: ClassVar[str] = "area"
    long: ClassVar[bool] = True
    key_type: ClassVar[TypeEngine[Any] | None] = None
    filter_by_key: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NamesShape(Shape):
    """A name in each language; needed means in one at least."""

    most: int = 200

    widget: ClassVar[str] = "names"
    parts: ClassVar[tuple[str, ...]] = LANGUAGES
    empty: ClassVar[object] = {}
    key_type: ClassVar[TypeEngine[Any] | None] = Key()
    filter_by_key: ClassVar[bool] = True

    def column_type(self) -> TypeEngine[Any]:
        """JSON by language."""
        return JsonText()

    def annotation(self) -> Any:  # noqa: ANN401
        """By language."""
        return dict[Literal["en", "it"], str]

    def key(self, value: Mapping[str, str]) -> str:
        """Sorted by the first language that it has."""
        return fold(_first(value))[:MOST_KEY]

    def read(self, typed: Inputs, language: str) -> dict[str, str]:
        """Those that are not empty."""
        cleaned = {part: clean(typed.get(part, "")) for part in NAMED_FIRST}
        return {part: text for part, text in cleaned.items() if text}

    def heard(self, said: Mapping[str, str]) -> dict[str, str]:
        """As if it had been typed."""
        return self.read(said, "")

    def typed(self, value: Mapping[str, str], language: str) -> dict[str, str]:
        """Each language in its input."""
        return {part: value.get(part, "") for part in LANGUAGES}

    def shown(self, value: Mapping[str, str], showing: Showing) -> str:
        """In the reader's language, or in whichever it has."""
        return value.get(showing.language) or _first(value)

    def faults(self, value: Mapping[str, str]) -> Iterator[Fault]:
        """As of texts."""
        yield from super().faults(value)
        if any(len(text) > self.most for text in value.values()):
            yield "field.long", {"most": self.most}
        if not all(text.isprintable() for text in value.values()):
            yield "field.characters", {}

    def words(self, value: Mapping[str, str]) -> Iterator[str]:
        """In every language."""
        yield from value.values()

    def narrow(self, text: str) -> Narrow:
        """What begins so."""
        begins = fold(text)[:MOST_KEY]
        return Narrow(begins, begins + "\U0010ffff")


@dataclass(frozen=True, kw_only=True)
class NumberShape(Shape):
    """A Decimal of a fixed scale, or nothing."""

    scale: int = 0
    least: Decimal | None = None
    most: Decimal | None = None

    widget: ClassVar[str] = "number"
    empty: ClassVar[object] = None
    nullable: ClassVar[bool] = True
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()
    align: ClassVar[str] = "right nowrap"

    def column_type(self) -> TypeEngine[Any]:
        """A scaled whole number."""
        return ScaledInt(self.scale)

    def annotation(self) -> Any:  # noqa: ANN401
        """A decimal as text: no float on the way."""
        return _documented(str, examples=["1" if self.scale == 0 else f"{Decimal('12.5'):.{self.scale}f}"]) | None

    def key(self, value: Decimal | None) -> int:
        """Nothing comes first."""
        return _NOTHING if value is None else scaled(value, self.scale)

    def read(self, typed: Inputs, language: str) -> Decimal | None:
        """With the separators of either language."""
        text = clean(typed.get("", ""))
        return read_number(text, self.scale) if text else None

    def typed(self, value: Decimal | None, language: str) -> dict[str, str]:
        """With the decimals it has, and no separator of thousands."""
        if value is None:
            return {"": ""}
        whole, _, decimals = f"{value:f}".partition(".")
        decimals = decimals.rstrip("0")
        return {"": f"{whole}{',' if language == 'it' else '.'}{decimals}" if decimals else whole}

    def shown(self, value: Decimal | None, showing: Showing) -> str:
        """As the language writes numbers."""
        return "" if value is None else showing.formats.quantity(value)

    def said(self, value: Decimal | None) -> str | None:
        """With its whole scale."""
        return None if value is None else fixed(value, self.scale)

    def heard(self, said: str | None) -> Decimal | None:
        """With a point."""
        return read_number(said, self.scale) if said else None

    def faults(self, value: Decimal | None) -> Iterator[Fault]:
        """Out of its range."""
        yield from super().faults(value)
        if value is None:
            return
        if (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            yield "field.range", {"least": _plain(self.least), "most": _plain(self.most)}

    def narrow(self, text: str) -> Narrow:
        """``5``, ``1..10``, ``1..`` or ``..10``."""
        return Narrow(*read_range(text, lambda part: read_number(part, self.scale)))


@dataclass(frozen=True, kw_only=True)
class TickShape(Shape):
    """Yes or no."""

    widget: ClassVar[str] = "tick"
    empty: ClassVar[object] = False
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()

    def column_type(self) -> TypeEngine[Any]:
        """1 or 0."""
        return Tick()

    def annotation(self) -> Any:  # noqa: ANN401
        """true or false."""
        return bool

    def key(self, value: bool) -> int:
        """No comes first."""
        return int(value)

    def read(self, typed: Inputs, language: str) -> bool:
        """A box that is not ticked is not sent."""
        return typed.get("", "") == "1"

    def typed(self, value: bool, language: str) -> dict[str, str]:
        """As a box sends it."""
        return {"": "1" if value else ""}

    def shown(self, value: bool, showing: Showing) -> str:
        """A word for yes, nothing for no."""
        return showing.words.t("yes") if value else ""

    def narrow(self, text: str) -> Narrow:
        """``yes`` or ``no``."""
        if text not in ("yes", "no"):
            raise BadInputError("list.filter", value=text[:40])
        return Narrow(text == "yes", text == "yes")


@dataclass(frozen=True, kw_only=True)
class DayShape(Shape):
    """A calendar day, or nothing."""

    widget: ClassVar[str] = "day"
    empty: ClassVar[object] = None
    nullable: ClassVar[bool] = True
    key_type: ClassVar[TypeEngine[Any] | None] = Key()
    align: ClassVar[str] = "nowrap"

    def column_type(self) -> TypeEngine[Any]:
        """ISO text."""
        return Day()

    def annotation(self) -> Any:  # noqa: ANN401
        """ISO text."""
        return _documented(str, format="date") | None

    def key(self, value: date | None) -> str:
        """Nothing comes first."""
        return "" if value is None else value.isoformat()

    def read(self, typed: Inputs, language: str) -> date | None:
        """As browsers send days, or as people write them."""
        text = clean(typed.get("", ""))
        return read_day(text) if text else None

    def typed(self, value: date | None, language: str) -> dict[str, str]:
        """As browsers send it."""
        return {"": "" if value is None else value.isoformat()}

    def shown(self, value: date | None, showing: Showing) -> str:
        """As the language writes days."""
        return "" if value is None else showing.formats.day(value)

    def said(self, value: date | None) -> str | None:
        """ISO text."""
        return None if value is None else value.isoformat()

    def heard(self, said: str | None) -> date | None:
        """ISO text."""
        return read_day(said) if said else None

    def narrow(self, text: str) -> Narrow:
        """``2026-11-24``, ``2026-11-01..2026-11-30`` or open at one end."""
        return Narrow(*read_range(text, read_day))


@dataclass(frozen=True, kw_only=True)
class ChoiceShape(Shape):
    """One of a closed list; ``options`` are its codes with their words, in order."""

    options: Mapping[str, str]

    widget: ClassVar[str] = "choice"
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()

    def column_type(self) -> TypeEngine[Any]:
        """Its code."""
        return Key()

    def annotation(self) -> Any:  # noqa: ANN401
        """Its code; the service refuses others, with its own sentence."""
        return _documented(str, enum=[*([] if self.needed else [""]), *self.options])

    def key(self, value: str) -> int:
        """In the order of the list, nothing first."""
        return list(self.options).index(value) if value in self.options else -1

    def shown(self, value: str, showing: Showing) -> str:
        """In words."""
        return showing.words.t(self.options[value]) if value in self.options else value

    def faults(self, value: str) -> Iterator[Fault]:
        """Not one of the list."""
        yield from super().faults(value)
        if value and value not in self.options:
            yield "field.choice", {}

    def narrow(self, text: str) -> Narrow:
        """One of the list."""
        if text not in self.options:
            raise BadInputError("list.filter", value=text[:40])
        return Narrow(text, text)


@dataclass(frozen=True, kw_only=True)
class ReferenceShape(Shape):
    """A record of another kind; people type its code or its title."""

    to: Any  # the Kind; it stands above this module

    widget: ClassVar[str] = "reference"
    empty: ClassVar[object] = None
    nullable: ClassVar[bool] = True

    def column_type(self) -> TypeEngine[Any]:
        """Its id."""
        return Key()

    def annotation(self) -> Any:  # noqa: ANN401
        """Its id."""
        return str | None

    def read(self, typed: Inputs, language: str) -> str | None:
        """An id; the form turns what was typed into one before."""
        return clean(typed.get("", "")) or None

    def typed(self, value: str | None, language: str) -> dict[str, str]:
        """The id; the form turns it into a title."""
        return {"": value or ""}

    def shown(self, value: str | None, showing: Showing) -> str:
        """Its title."""
        return "" if value is None else showing.title(self.to.name, value)

    def narrow(self, text: str) -> Narrow:
        """Those that name one."""
        return Narrow(text, text)


@dataclass(frozen=True, kw_only=True)
class TextsShape(Shape):
    """Several short texts, one a line."""

    most: int = 60
    most_texts: int = 50

    widget: ClassVar[str] = "area"
    empty: ClassVar[object] = ()

    def column_type(self) -> TypeEngine[Any]:
        """JSON."""
        return JsonText()

    def annotation(self) -> Any:  # noqa: ANN401
        """A list."""
        return list[str]

    def read(self, typed: Inputs, language: str) -> tuple[str, ...]:
        """One a line."""
        return self.heard(typed.get("", "").splitlines())

    def heard(self, said: Sequence[str]) -> tuple[str, ...]:
        """Those that are not empty."""
        return tuple(filter(None, map(clean, said)))

    def typed(self, value: Sequence[str], language: str) -> dict[str, str]:
        """One a line."""
        return {"": "\n".join(value)}

    def shown(self, value: Sequence[str], showing: Showing) -> str:
        """One after the other."""
        return " · ".join(value)

    def said(self, value: Sequence[str]) -> list[str]:
        """A list."""
        return list(value)

    def faults(self, value: Sequence[str]) -> Iterator[Fault]:
        """Too many, too long, or with characters that no text has."""
        yield from super().faults(value)
        if len(value) > self.most_texts:
            yield "field.many", {"most": self.most_texts}
        if any(len(text) > self.most for text in value):
            yield "field.long", {"most": self.most}
        if not all(text.isprintable() for text in value):
            yield "field.characters", {}

    def words(self, value: Sequence[str]) -> Iterator[str]:
        """All of them."""
        yield from value


@dataclass(frozen=True, kw_only=True)
class RowsShape(Shape):
    """Rows of a card of their own, each with an ``id`` that stays."""

    card: type
    most: int = 50

    widget: ClassVar[str] = "rows"
    empty: ClassVar[object] = ()

    @property
    def shapes(self) -> dict[str, Shape]:
        """Return the shapes of a row's fields, without its id."""
        return shapes_of(self.card)


@dataclass(frozen=True, kw_only=True)
class IdShape(Shape):
    """The id of a row; "" for a new one."""


def text(label: str, *, most: int = 200, default: str = "", **common: Any) -> Any:  # noqa: ANN401
    """A text of one line; ``letters="upper"`` keeps it in capitals."""
    return _field(TextShape(label=label, most=most, **common), default)


def long_text(label: str, *, most: int = 2000, **common: Any) -> Any:  # noqa: ANN401
    """A text of several lines."""
    return _field(LongTextShape(label=label, most=most, **common), "")


def translated(label: str, **common: Any) -> Any:  # noqa: ANN401
    """A name in each language."""
    return _field(NamesShape(label=label, **common), factory=dict)


def number(label: str, *, scale: int = 0, default: Decimal | None = None, **common: Any) -> Any:  # noqa: ANN401
    """A number of a fixed scale, from ``least`` to ``most``."""
    return _field(NumberShape(label=label, scale=scale, **common), default)


def tick(label: str, *, default: bool = False, **common: Any) -> Any:  # noqa: ANN401
    """Yes or no."""
    return _field(TickShape(label=label, **common), default)


def day(label: str, **common: Any) -> Any:  # noqa: ANN401
    """A calendar day."""
    return _field(DayShape(label=label, **common), None)


def choice(label: str, options: Mapping[str, str], *, default: str = "", **common: Any) -> Any:  # noqa: ANN401
    """One of a closed list."""
    return _field(ChoiceShape(label=label, options=options, **common), default)


def reference(label: str, to: object, **common: Any) -> Any:  # noqa: ANN401
    """A record of another kind."""
    return _field(ReferenceShape(label=label, to=to, **common), None)


def texts(label: str, **common: Any) -> Any:  # noqa: ANN401
    """Several short texts."""
    return _field(TextsShape(label=label, **common), ())


def rows(label: str, card: type, **common: Any) -> Any:  # noqa: ANN401
    """Rows with a card of their own, which begins with ``id: str = row_id()``."""
    return _field(RowsShape(label=label, card=card, **common), ())


def row_id() -> Any:  # noqa: ANN401
    """The id of a row of another record."""
    return _field(IdShape(label=""), "")


@cache
def shapes_of(card: type) -> dict[str, Shape]:
    """Return the shapes of a card's fields, in order; those of a row without its id."""
    found = {one.name: one.metadata.get("shape") for one in fields(card)}
    missing = [name for name, shape in found.items() if not isinstance(shape, Shape)]
    if missing:
        raise DeclarationError(f"{card.__name__}: no shape for {', '.join(missing)}")
    return {name: shape for name, shape in found.items() if isinstance(shape, Shape) and not isinstance(shape, IdShape)}


def _field(shape: Shape, default: object = None, factory: Callable[[], object] | None = None) -> Any:  # noqa: ANN401
    about = {"shape": shape}
    return field(default_factory=factory, metadata=about) if factory else field(default=default, metadata=about)


def _documented(base: type, **schema: Any) -> Any:  # noqa: ANN401
    return Annotated[base, Field(json_schema_extra=schema)]


def _first(value: Mapping[str, str]) -> str:
    return next((value[language] for language in NAMED_FIRST if value.get(language)), "")


def _plain(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:f}"
